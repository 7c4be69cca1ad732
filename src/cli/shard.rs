//! `--shard`: which part of a study this program makes.

use std::env;

/// The shard that was asked for, from 0, and of how many. `auto` asks the scheduler that started the program: a Slurm array
/// knows both; a Kubernetes Indexed Job knows which it is, and `auto/8` says of how many.
pub fn chosen(text: Option<&str>) -> Result<Option<(u64, u64)>, String> {
    let Some(text) = text else { return Ok(None) };
    #[expect(clippy::disallowed_methods, reason = "schedulers tell by the environment which part this is")]
    let read = |name: &str| env::var(name).ok().and_then(|value| value.trim().parse::<u64>().ok());
    parsed(text, read).map(Some)
}

fn parsed(text: &str, read: impl Fn(&str) -> Option<u64>) -> Result<(u64, u64), String> {
    let (which, of) = match text.split_once('/') {
        Some((which, of)) => (which, Some(of.parse::<u64>().map_err(|_| wrong(text))?)),
        None => (text, None),
    };
    let (index, of) = match which {
        "auto" => {
            // Slurm numbers an array from wherever its author liked.
            let slurm = read("SLURM_ARRAY_TASK_ID").map(|id| id.checked_sub(read("SLURM_ARRAY_TASK_MIN").unwrap_or(0)));
            let index = match (slurm, read("JOB_COMPLETION_INDEX")) {
                (Some(Some(index)), _) | (None, Some(index)) => index,
                (Some(None), _) => return Err("SLURM_ARRAY_TASK_ID is below SLURM_ARRAY_TASK_MIN".to_owned()),
                (None, None) => {
                    return Err(
                        "--shard auto finds neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX; write --shard 2/8"
                            .to_owned(),
                    );
                }
            };
            let of = of.or_else(|| read("SLURM_ARRAY_TASK_COUNT")).ok_or("of how many? write --shard auto/8")?;
            (index, of)
        }
        which => {
            let which = which.parse::<u64>().map_err(|_| wrong(text))?;
            (which.checked_sub(1).ok_or_else(|| wrong(text))?, of.ok_or_else(|| wrong(text))?)
        }
    };
    if index >= of || of > 100_000 { Err(wrong(text)) } else { Ok((index, of)) }
}

fn wrong(text: &str) -> String {
    format!("\"{text}\" is not a shard; write --shard 2/8 for the second of eight, or --shard auto")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_counted_from_one() {
        let none = |_: &str| None;
        assert_eq!(parsed("1/8", none), Ok((0, 8)));
        assert_eq!(parsed("8/8", none), Ok((7, 8)));
        for wrong in ["0/8", "9/8", "8", "x/8", "1/0", "auto", "1/999999999"] {
            assert!(parsed(wrong, none).is_err(), "{wrong}");
        }
    }

    #[test]
    fn schedulers_are_asked() {
        let slurm = |name: &str| match name {
            "SLURM_ARRAY_TASK_ID" => Some(5),
            "SLURM_ARRAY_TASK_MIN" => Some(1),
            "SLURM_ARRAY_TASK_COUNT" => Some(8),
            _ => None,
        };
        assert_eq!(parsed("auto", slurm), Ok((4, 8)));
        let kubernetes = |name: &str| (name == "JOB_COMPLETION_INDEX").then_some(3);
        assert_eq!(parsed("auto/4", kubernetes), Ok((3, 4)));
        assert!(parsed("auto", kubernetes).unwrap_err().contains("auto/8"));
        assert!(parsed("auto/3", kubernetes).is_err());
    }
}
