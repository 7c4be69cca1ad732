//! `verify`: a page's study made again, and held against what the page says.

use super::exit;
use super::files::FileError;
use super::said::{Said, refused, usage};
use super::work::Work;
use firedrill::replay::shell_word;
use firedrill::report::html;
use firedrill::study::{BATCH, End, FORMAT, Study};
use std::path::Path;

/// Pages are not read further than this.
const BYTES_MAX: u64 = 256 << 20;

/// Makes a page's study again.
pub fn verify(path: &Path, threads: Option<usize>) -> Said {
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
            embedded.protocol.firedrill_version
        ));
    }
    let version = env!("CARGO_PKG_VERSION");
    let mut protocol = embedded.protocol.clone();
    // A study that was ended early is made as far as it came.
    let reached = embedded.replications.iter().copied().max().unwrap_or(0);
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
        return Said { err: "ended by Ctrl-C; nothing is verified\n".to_owned(), code: exit::INTERRUPTED, ..said };
    }
    let digest = tally.digest();
    if digest != embedded.digest {
        let mut err = format!("{name} is not confirmed: it says {}, and its study gives {digest}\n", embedded.digest);
        if embedded.protocol.firedrill_version != version {
            err.push_str(&format!(
                "it was made by firedrill {}; this is {version}\n",
                embedded.protocol.firedrill_version
            ));
        }
        return Said { err, code: exit::NOT_DETERMINISTIC, ..said };
    }
    let runs = tally.replications();
    said.out = format!("{name} is confirmed: digest {digest} over {runs} runs\n");
    let ended = match embedded.cut_short {
        None => ended,
        Some(html::CutShort::Time) => End::Time,
        Some(_) => End::Interrupted,
    };
    let mut comparison = tally.comparison(ended);
    let mut whole = study.clone();
    whole.protocol = embedded.protocol.clone();
    comparison.protocol = whole.protocol.hash();
    if super::page::study_page(&whole, &comparison, embedded.replay.as_deref()) != page {
        let why = "but the page is not the one that this firedrill writes of it: somebody changed it, or another version made it\n";
        said.err.push_str(why);
        said.worsen(exit::NOT_DETERMINISTIC);
    }
    said
}
