//! Dense ids: an index into the world's list of that kind.

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// From an index.
            pub fn new(index: usize) -> Self {
                $name(index as u32)
            }

            /// The index.
            pub fn at(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

id!(
    /// A site, component or group.
    NodeId,
    /// A site.
    SiteId,
    /// A link.
    LinkId,
    /// A repair crew.
    CrewId,
    /// A redundant group.
    GroupId,
    /// Sites that serve at the same time.
    SpreadId,
    /// A service.
    ServiceId,
    /// A service at a site.
    StationId,
    /// A background queue.
    QueueId,
    /// A store.
    StoreId,
    /// A feature.
    FeatureId,
    /// A population.
    PopId,
);
