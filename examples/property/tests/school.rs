//! What a school's platform has to keep, whatever breaks.

use firedrill::assert_objectives;
use firedrill::load::load;
use firedrill::property::{designs, drills};
use firedrill::scenario::{Choice, Scenario, Source};
use proptest::prelude::*;

fn school() -> Scenario {
    let source = Source::new("school.ron", include_str!("../school.ron"));
    load(&source, &Choice::default()).expect("no mistakes").0
}

proptest! {
    #[test]
    fn no_single_fault_takes_the_schools_down_for_long(case in drills(&school())) {
        assert_objectives!(case);
    }

    #[test]
    fn nor_does_it_with_a_heartbeat_of_up_to_a_minute(
        case in designs(&school())
            .at_most(1)
            .threshold("strategies.standby.failover.home.detect.grace", "10s", "1m")
            .size("services.web.runs_at.bergen.servers", 4..=16)
    ) {
        assert_objectives!(case);
    }
}
