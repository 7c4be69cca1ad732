//! `assert_objectives!`: it is expanded in the crate of whoever tests, where files may be written.

use proptest::test_runner::TestCaseError;

/// What a test of proptest gives where it fails.
pub fn failed(why: String) -> TestCaseError {
    TestCaseError::fail(why)
}

/// Asks a [`Case`] for all of its objectives, inside `proptest!`. Where one does not hold, the test fails with the story of the run,
/// and the case is kept as a file below the root of the crate: `failures/drawn` has it as it was drawn, `failures` as small as it
/// gets. Another root is a second argument: `assert_objectives!(case, "/tmp")`.
#[macro_export]
macro_rules! assert_objectives {
    ($case:expr $(, $root:expr)? $(,)?) => {{
        let case: &$crate::property::Case = &$case;
        let root: &str = ::std::env!("CARGO_MANIFEST_DIR");
        $(
            let _ = root;
            let root: &str = $root;
        )?
        if let ::std::option::Option::Some(saved) = case.to_save() {
            let path = ::std::path::Path::new(root).join(&saved.path);
            let folder = path.parent().map_or(::std::result::Result::Ok(()), ::std::fs::create_dir_all);
            let kept = match folder.and_then(|()| ::std::fs::write(&path, &saved.text)) {
                ::std::result::Result::Ok(()) => ::std::format!("kept as {}", saved.path),
                ::std::result::Result::Err(error) => ::std::format!("{} could not be written: {error}", saved.path),
            };
            let why = ::std::format!("{}\n{kept}\n", case.story());
            return ::std::result::Result::Err($crate::property::failed(why));
        }
    }};
}
