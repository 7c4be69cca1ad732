//! A design as a picture, before anybody draws it: what stands where and calls whom, which single failures take people down, and
//! what was down when in a run. Plain data; reports make drawings of it.
//!
//! ```
//! use firedrill::{drawing::Drawing, load::load, scenario::{Choice, Source}};
//! let text = r#"Scenario(
//!     format: 1,
//!     title: "one site",
//!     clock: (from: "2024-01-01T00:00", zone: "UTC", horizon: "1h"),
//!     sites: {"a": ()},
//!     services: {"web": (runs_at: {"a": (servers: 1)}, takes: fixed("5ms"))},
//!     features: {"page": (calls: [hard(to: "web")])},
//!     people: {"all": (users: 10, uses: {"page": "30/min"}, served_by: "a")},
//! )"#;
//! let (_, world) = load(&Source::new("one.ron", text), &Choice::default()).unwrap();
//! let drawing = Drawing::new(&world);
//! assert_eq!(drawing.single_points.unwrap()[0].name, "a", "without its only site nobody is served");
//! ```

mod alive;
mod model;
mod moments;
mod nearest;
mod of_world;
mod single_points;
mod spread;

pub use model::{
    Call, Crowd, Drawing, Failing, GroupDrawn, LinkDrawn, Moves, Part, Person, QueueDrawn, Role, ServiceDrawn,
    SinglePoint, SiteDrawn, StoreDrawn, Thing,
};
pub use moments::{Moments, Scene, Scenes, State};
pub use single_points::single_points;
pub use spread::SpreadDrawn;
