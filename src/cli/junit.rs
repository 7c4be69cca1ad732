//! What was tested as JUnit XML, for the pages of a CI.

use super::cases::Group;
use firedrill::study::Judgement;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The report. All of it is the same for the same tests, but for its times.
pub fn report(groups: &[Group], seed: u64) -> String {
    let mut report = Report::new("firedrill");
    let mut took = Duration::ZERO;
    for group in groups {
        let mut suite = TestSuite::new(format!("{} ({})", group.file, group.run));
        suite.add_property(("seed", seed.to_string().as_str()));
        // One run is held against all that is asked of it: nobody took longer than another.
        let each = group.took / group.cases.len().max(1) as u32;
        suite.set_time(group.took);
        took += group.took;
        for case in &group.cases {
            let status = match case.judgement {
                Judgement::Pass => TestCaseStatus::success(),
                judgement => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    status.set_type(match judgement {
                        Judgement::Undecided => "undecided",
                        Judgement::NoData => "no data",
                        _ => "failed",
                    });
                    let replay = case.replay.as_deref().unwrap_or_default();
                    status.set_message(format!("{}; {}", case.seen, case.expected));
                    status.set_description(format!("seen: {}\n{}\nreplay: {replay}\n", case.seen, case.expected));
                    status
                }
            };
            let mut test = TestCase::new(&case.what, status);
            test.set_classname(&group.file);
            test.set_time(each);
            test.extra.insert("file".into(), group.file.as_str().into());
            if let Some(line) = case.line {
                test.extra.insert("line".into(), line.to_string().into());
            }
            if let Some(drill) = &case.drill {
                test.set_system_out(drill);
            }
            suite.add_test_case(test);
        }
        report.add_test_suite(suite);
    }
    report.set_time(took);
    // Text in memory can always be written.
    report.to_string().unwrap_or_default()
}
