//! `verify`: a page's study made again, and held against what the page says.

use super::files::FileError;
use super::said::{Said, refused, usage};
use super::work::Work;
use super::{exit, interrupt};
use firedrill::replay::shell_word;
use firedrill::report::{html, text};
use firedrill::study::{BATCH, End, FORMAT, Study};
use std::path::Path;

/// Pages are not read further than this.
const BYTES_MAX: u64 = 256 << 20;

/// What is said where not all of it was made.
const IN_PART: &str = "nothing is verified by a part of the runs";

/// Makes a page's study again.
pub fn verify(path: &Path, threads: Option<usize>) -> Said {
    interrupt::end_with(IN_PART);
    let mut said = Said::default();
    let failed = |source| FileError::Read { path: path.to_owned(), source };
    let page = match std::fs::metadata(path).and_then(|there| match there.len() > BYTES_MAX {
        true => Err(std::io::Error::new(std::io::ErrorKind::FileTooLarge, "it is larger than any page of a study")),
        false => std::fs::read_to_string(path),
    }) {
        Ok(page) => page,
        Err(error) => {
            said.file_error(&failed(error));
            return said;
        }
    };
    let name = shell_word(&path.display().to_string());
    if let Some(said) = super::review::verify(&page, &name, threads) {
        return said;
    }
    let Some(embedded) = html::extract_study(&page) else {
        return usage(&format!("{name} is not the page of a study or of a review: there is none in it"));
    };
    if embedded.protocol.format != FORMAT {
        return usage(&format!(
            "{name} was made by firedrill {}, which this one cannot read",
            embedded.protocol.firedrill_version.escape_debug().take(80).collect::<String>()
        ));
    }
    let version = env!("CARGO_PKG_VERSION");
    let mut protocol = embedded.protocol.clone();
    // A study that was ended early is made as far as it came. Whatever a page says, that is no further than was planned.
    let reached = embedded.replications.iter().copied().max().unwrap_or(0);
    if reached > protocol.replications {
        let planned = protocol.replications;
        return usage(&format!("{name} says of itself that {reached} replications of {planned} were made"));
    }
    if embedded.cut_short.is_some() {
        protocol.replications = reached.div_ceil(BATCH).max(1) * BATCH;
    }
    let study = match Study::new(protocol) {
        Ok(study) => study,
        Err(error) => return refused(error),
    };
    let work = Work { study: &study, threads, time: None, results: None, shard: None };
    let (tally, ended) = match work.run(&mut ()) {
        Ok(worked) => worked,
        Err(error) => {
            said.file_error(&error);
            return said;
        }
    };
    if ended == End::Interrupted {
        return Said::interrupted(IN_PART);
    }
    interrupt::end_with(IN_PART);
    let digest = tally.digest();
    if digest != embedded.digest {
        // A digest is no longer than that, whatever a page says.
        let says: String = embedded.digest.escape_debug().take(80).collect();
        let mut out = format!("{name} is not confirmed: it says {says}, and its study gives {digest}\n");
        if embedded.protocol.firedrill_version != version {
            out.push_str(&format!(
                "it was made by firedrill {}; this is {version}\n",
                embedded.protocol.firedrill_version.escape_debug().take(80).collect::<String>()
            ));
        }
        let out = out.lines().map(|line| text::clean(line) + "\n").collect();
        return Said { out, code: exit::NOT_DETERMINISTIC, ..said };
    }
    let runs = tally.replications();
    let ended = match embedded.cut_short {
        None => ended,
        Some(html::CutShort::Time) => End::Time,
        Some(_) => End::Interrupted,
    };
    let mut comparison = tally.comparison(ended);
    let mut whole = study.clone();
    whole.protocol = embedded.protocol.clone();
    comparison.protocol = whole.protocol.hash();
    if super::page::study_page(&whole, &comparison, embedded.replay.as_deref()).as_ref() != Some(&page) {
        let out = format!(
            "{name} is not confirmed: its runs are, digest {digest} over {runs} of them, and the page is not the one that this \
             firedrill writes of them; somebody changed it, or another version made it\n"
        );
        return Said { out, code: exit::NOT_DETERMINISTIC, ..said };
    }
    said.out = format!("{name} is confirmed: digest {digest} over {runs} runs\n");
    said
}
