//! Checking what a file says about the menu of faults.

use super::compiler::Compiler;
use super::resolve::{Names, listed};
use crate::scenario::{Code, Menu, Objective, Under, faults, pattern_fits};

/// Faults that a file may add.
const ADDED_MAX: usize = 200;
/// Faults at once under which an objective may have to hold: all sets of so many are looked through.
const FAULTS_MAX: u32 = 3;

impl Compiler<'_> {
    /// Checks the menu, and the objectives that are held under it.
    pub fn check_menu(&self) {
        for (name, objective) in self.scenario.objectives.iter() {
            self.check_under(name, objective);
        }
        let (menu, p) = (&self.scenario.menu, &self.problems);
        if *menu == Menu::default() {
            return;
        }
        Names::section("menu.adds", &menu.adds, p);
        if menu.adds.len() > ADDED_MAX {
            let reason = format!("{} faults are more than the {ADDED_MAX} that a menu may add", menu.adds.len());
            p.add(Code::TooMany, "menu.adds", reason, "keep those that matter");
        }
        for (name, added) in menu.adds.iter() {
            let path = format!("menu.adds.{name}");
            if added.acts.is_empty() {
                p.add(
                    Code::NeverActs,
                    path.clone(),
                    "a fault that does nothing",
                    "write what happens: acts: [crash(of: \"…\")]",
                );
            }
            for (i, act) in added.acts.iter().enumerate() {
                self.act(act, &format!("{path}.acts.{i}"));
            }
            self.check_frequency(&format!("{path}.per_year"), added.per_year);
        }
        self.check_frequency("menu.at_least_per_year", menu.at_least_per_year);
        self.check_menu_sizes();
        self.check_menu_names();
    }

    fn check_under(&self, name: &str, objective: &Objective) {
        let Under::Any { faults } = objective.under() else { return };
        let path = format!("objectives.{name}.under");
        let is_some = (1..=FAULTS_MAX).contains(&faults);
        let reason = format!("sets of {faults} faults are not looked through");
        self.problems.range(path, is_some, reason, format!("write any(faults: 1), and {FAULTS_MAX} at most"));
    }

    fn check_frequency(&self, path: &str, per_year: Option<f64>) {
        let is_one = per_year.is_none_or(|often| often.is_finite() && often >= 0.0);
        self.problems.range(path, is_one, "no frequency", "write how often in a year: 0.1 is once in ten years");
    }

    fn check_menu_sizes(&self) {
        let (menu, p) = (&self.scenario.menu, &self.problems);
        let is_length = menu.lasts.is_none_or(|lasts| lasts.0 > 0);
        p.range("menu.lasts", is_length, "a fault that lasts no time", "write a length like \"4h\"");
        let factors = [("surge", menu.surge, 10_000.0), ("slow", menu.slow, 1e6), ("overruns", menu.overruns, 1_000.0)];
        for (field, factor, most) in factors {
            let is_one = factor.is_none_or(|by| by.0 > 1.0 && by.0 <= most);
            let reason = format!("a factor above one and up to {most}, or nothing goes wrong");
            p.range(format!("menu.{field}"), is_one, reason, "write a factor like \"x3\"");
        }
        let is_share = menu.gray.is_none_or(|share| share.0 > 0.0 && share.0 <= 1.0);
        p.range("menu.gray", is_share, "a share above nothing", "write a share like \"30%\"");
    }

    /// Whoever names a fault has to name one that there is.
    fn check_menu_names(&self) {
        let (menu, p) = (&self.scenario.menu, &self.problems);
        let mut all = self.scenario.clone();
        all.menu.leaves_out.clear();
        all.menu.at_least_per_year = None;
        // Of every strategy and plan: a menu belongs to the file, whatever a run picks.
        let mut names: Vec<String> = faults(&all).into_iter().map(|fault| fault.name).collect();
        for group in self.scenario.groups.names() {
            names.push(format!("failover of {group} does not work"));
        }
        names.extend(self.scenario.maintenance.names().map(|plan| format!("{plan} overruns")));
        let known = |path: String, pattern: &str| {
            if !names.iter().any(|name| pattern_fits(pattern, name)) {
                let reason = format!("there is no fault \"{pattern}\" in the menu");
                let fix = format!("the menu has: {}", listed(names.iter().map(String::as_str)));
                p.add(Code::UnknownName, path, reason, fix);
            }
        };
        for (i, pattern) in menu.leaves_out.iter().enumerate() {
            known(format!("menu.leaves_out.{i}"), pattern);
        }
        for (pattern, per_year) in menu.per_year.iter() {
            known(format!("menu.per_year.{pattern}#key"), pattern);
            self.check_frequency(&format!("menu.per_year.{pattern}"), Some(*per_year));
        }
        for (i, together) in menu.never_together.iter().enumerate() {
            for (j, pattern) in together.iter().enumerate() {
                known(format!("menu.never_together.{i}.{j}"), pattern);
            }
        }
    }
}
