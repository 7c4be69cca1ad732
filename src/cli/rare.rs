//! `compare --rare`: how often what the designs are for goes down, where hardly any run shows it.

use super::args::CompareArgs;
use super::said::{Said, usage};
use super::thread_pool::ThreadPool;
use super::{exit, files, interrupt, terminal};
use firedrill::load::load;
use firedrill::rare::{Asked, Rarely, compare, tops};
use firedrill::replay::shell_word;
use firedrill::report::html;
use firedrill::report::text::{Layout, render_rare};
use firedrill::study::{Hands, Study};
use std::time::{Duration, Instant};

/// Runs where nothing is said: as many as it takes, and no more than this.
const RUNS: u64 = 1_000_000;

/// All cores, for a time.
struct Limited {
    pool: Option<ThreadPool>,
    begun: Instant,
    time: Option<Duration>,
}

impl Hands for Limited {
    fn expect(&mut self, more: usize) {
        self.pool.iter_mut().for_each(|pool| pool.expect(more));
    }

    fn given_up(&self) -> fn() -> bool {
        interrupt::asked
    }

    fn all<T: Send>(&mut self, count: usize, one: impl Fn(usize) -> T + Sync) -> Option<Vec<T>> {
        match self.time {
            Some(time) if self.begun.elapsed() >= time => None,
            _ => self.pool.as_mut()?.all(count, one),
        }
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        self.pool.take().into_iter().for_each(ThreadPool::done);
    }
}

/// Estimates the top events of a study's designs.
pub fn rare(study: &Study, args: &CompareArgs, replay: &str) -> Said {
    let mut said = Said::default();
    let protocol = &study.protocol;
    let mut designs = Vec::new();
    for wanted in &protocol.designs {
        let source = protocol.sources[wanted.source].source();
        match load(&source, &wanted.choice()) {
            Ok((scenario, world)) => {
                let tops = tops(&scenario, &world);
                designs.push(Rarely { label: wanted.label.clone(), world, tops });
            }
            Err(mistakes) => {
                said.mistakes(&source, &mistakes);
                return said;
            }
        }
    }
    if designs.iter().all(|design| design.tops.is_empty()) {
        return usage("there is nothing that could go down: no people, no component, no group");
    }
    let how = &args.how;
    if let Err(error) = files::claim(&how.html) {
        said.file_error(&error);
        return said;
    }
    interrupt::listen();
    let asked = Asked {
        seed: how.luck.seed,
        confidence: how.confidence,
        runs: how.replications.unwrap_or(RUNS),
        ..Asked::default()
    };
    #[expect(clippy::disallowed_methods, reason = "for --time: how much is estimated until then is said")]
    let begins = Instant::now;
    let time = how.time.map(|time| Duration::from_secs_f64(time.seconds()));
    let compared = compare(&designs, asked, || Limited {
        pool: Some(ThreadPool::new("estimating", how.threads.map(usize::from))),
        begun: begins(),
        time,
    });
    if interrupt::asked() {
        said.worsen(exit::INTERRUPTED);
    }
    if let Some(path) = &how.html
        && let Err(error) = files::write(path, &html::render_rare(&compared, Some(replay)))
    {
        said.file_error(&error);
    }
    if how.json {
        // Plain data with text for keys: it can always be written.
        said.out = serde_json::to_string_pretty(&compared).expect("what was estimated is plain data") + "\n";
        return said;
    }
    let look = terminal::look();
    let layout = Layout { width: look.width, colour: look.colour, replay: Some(replay) };
    said.out.push_str(&render_rare(&compared, layout));
    if let (Some(path), true) = (&how.html, said.err.is_empty()) {
        said.out.push_str(&format!("\nwrote {}; open it in a browser\n", shell_word(&path.display().to_string())));
    }
    said
}
