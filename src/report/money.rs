//! A run in money, in words that the terminal and the page share.

use super::format;
use crate::metrics::MoneyOutcome;

/// A line of what a run cost: what it is, how much, and whether it is a sum of those below it.
pub struct Entry {
    /// What it is.
    pub what: String,
    /// How much.
    pub amount: String,
    /// A sum.
    pub is_sum: bool,
}

/// What a run cost: what was spent and lost, each with its parts.
pub fn entries(money: &MoneyOutcome) -> Vec<Entry> {
    let amount = |amount: f64| amount_of(money, amount);
    let sum = |what: &str, of: f64| Entry { what: what.to_owned(), amount: amount(of), is_sum: true };
    let part = |what: String, of: f64| Entry { what, amount: amount(of), is_sum: false };
    let mut entries = vec![sum("spent", money.spent)];
    if money.spent_on_servers != 0.0 || money.spent_on_takeovers != 0.0 {
        let standing = money.spent - money.spent_on_servers - money.spent_on_takeovers;
        entries.push(part("what stands in the file".to_owned(), standing));
    }
    if money.spent_on_servers != 0.0 {
        let servers = if money.spent_on_servers < 0.0 { "servers taken away" } else { "servers added" };
        entries.push(part(servers.to_owned(), money.spent_on_servers));
    }
    if money.spent_on_takeovers != 0.0 {
        entries.push(part("standby in use".to_owned(), money.spent_on_takeovers));
    }
    if money.lost_by_feature.is_empty() && money.penalties.is_empty() {
        return entries;
    }
    entries.push(sum("lost", money.lost));
    entries.extend(money.lost_by_feature.iter().map(|(name, lost)| part(format!("{name}, not served"), *lost)));
    entries.extend(money.penalties.iter().map(|(name, lost)| part(format!("penalty: {name}"), *lost)));
    entries.push(sum("both", money.total));
    entries
}

fn amount_of(money: &MoneyOutcome, amount: f64) -> String {
    format!("{} {}", format::large(amount), money.currency).trim_end().to_owned()
}
