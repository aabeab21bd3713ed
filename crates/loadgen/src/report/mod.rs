//! What a run found: rows of figures, each beside the machine's own limit and its budget, as an aligned
//! table for people and as JSON for machines.

pub(crate) mod budget;
mod figure;
mod table;

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

pub(crate) use budget::{Budget, Verdict};
pub(crate) use figure::Unit;

use crate::meter::Machine;

/// Cores that others may keep busy without spoiling a figure.
pub(crate) const CALM: f64 = 0.1;

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// What was measured, with the sizes that matter. Unique within a run.
    pub(crate) what: String,
    pub(crate) unit: Unit,
    pub(crate) value: f64,
    /// The machine's own limit for the same, from the same run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) budget: Option<Budget>,
    /// What helps to understand the figure.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) note: String,
    /// Cores that others kept busy while this was measured.
    pub(crate) others: f64,
}

impl Row {
    pub(crate) fn new(what: impl Into<String>, unit: Unit, value: f64) -> Self {
        Self { what: what.into(), unit, value, limit: None, budget: None, note: String::new(), others: 0.0 }
    }

    pub(crate) fn limit(mut self, limit: f64) -> Self {
        self.limit = Some(limit);
        self
    }

    pub(crate) fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    pub(crate) fn ratio(&self) -> Option<f64> {
        self.limit.filter(|&limit| limit > 0.0).map(|limit| self.value / limit)
    }

    /// The number by which runs are ordered: what the budget judges, else the ratio, else the value.
    fn score(&self) -> f64 {
        match self.budget {
            Some(budget) => budget.judged(self.value, self.limit),
            None => self.ratio().unwrap_or(self.value),
        }
    }

    pub(crate) fn verdict(&self) -> Option<Verdict> {
        self.budget.map(|budget| budget.verdict(self.value, self.limit))
    }
}

/// Makes one list of rows from several runs: of each row the run in the middle, so that value and limit
/// still belong together. Of an even number, the earlier of the middle two.
pub(crate) fn middle_of(runs: Vec<Vec<Row>>) -> Vec<Row> {
    let Some(first) = runs.first() else { return Vec::new() };
    let whats: Vec<String> = first.iter().map(|row| row.what.clone()).collect();
    let same = |what: &String| {
        let mut rows: Vec<&Row> = runs.iter().flatten().filter(|row| row.what == *what).collect();
        rows.sort_by(|a, b| a.score().total_cmp(&b.score()));
        rows.get((rows.len().max(1) - 1) / 2).map(|&row| row.clone())
    };
    whats.iter().filter_map(same).collect()
}

/// Everything that goes on paper.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    /// How often everything was measured; the rows are the medians.
    pub(crate) runs: u32,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    pub(crate) fn print(&self, mut out: impl Write) -> io::Result<()> {
        let machine = &self.machine;
        writeln!(
            out,
            "{} cores, {}, {}, {} MiB, data on {}",
            machine.cores, machine.cpu, machine.kernel, machine.memory_mib, machine.disk
        )?;
        if machine.disk_is_memory() {
            writeln!(
                out,
                "warning: the data folder lies in memory; durable writes cost nothing here (--dir)"
            )?;
        }
        if !machine.optimised {
            writeln!(
                out,
                "warning: not an optimised build; the figures mean nothing (cargo build --release)"
            )?;
        }
        match self.runs {
            1 => writeln!(out, "one run")?,
            runs => writeln!(out, "medians of {runs} runs")?,
        }
        let others = self.rows.iter().map(|row| row.others).fold(0.0, f64::max);
        if others > CALM {
            writeln!(out, "warning: others kept up to {others:.1} cores busy meanwhile (--patience)")?;
        }
        writeln!(out, "\n{}", table::render(&self.rows))
    }

    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let write = || {
            let mut file = File::create(path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            file.write_all(b"\n")
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_runs_the_one_with_the_middle_ratio_is_kept_whole() {
        let run = |value: f64, limit: f64| vec![Row::new("x", Unit::PerSecond, value).limit(limit)];
        let rows = middle_of(vec![run(90.0, 100.0), run(50.0, 100.0), run(300.0, 400.0)]);
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].value, rows[0].limit), (300.0, Some(400.0)));
    }

    #[test]
    fn rows_keep_their_order_over_runs() {
        let run = || vec![Row::new("b", Unit::Bytes, 1.0), Row::new("a", Unit::Bytes, 2.0)];
        let whats: Vec<_> = middle_of(vec![run(), run()]).into_iter().map(|row| row.what).collect();
        assert_eq!(whats, ["b", "a"]);
        assert!(middle_of(Vec::new()).is_empty());
    }

    #[test]
    fn the_warnings_name_what_makes_figures_worthless() {
        let mut machine = Machine::look(Path::new("/"));
        machine.disk = "tmpfs on tmpfs".to_owned();
        machine.optimised = false;
        let mut text = Vec::new();
        Report { machine, runs: 3, rows: Vec::new() }.print(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains("lies in memory") && text.contains("not an optimised build"), "{text}");
        assert!(text.contains("medians of 3 runs"));
    }
}
