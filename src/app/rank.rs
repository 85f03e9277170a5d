//! The ranking: commands and events of its own, and the job behind it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::advice::{self, Field, Ranked};
use crate::catalog::{Breadth, Catalog};
use crate::measure::Cancel;
use crate::placement::Engine;
use crate::scenario::Scenario;
use crate::ui::Command;
use crate::ui::rank::{Contexts, Ranking};

use super::event::More;
use super::{App, Event, Jobs, OwnDocuments};

/// Rows are sent this often: soon at first, then seldom enough to leave the window its time.
const FIRST: Duration = Duration::from_millis(30);
const EACH: Duration = Duration::from_millis(90);
/// The most fields kept: the usual one, every quant of an engine or two, and a few single quants.
const MOST_KEPT: usize = 6;

/// What was ranked, kept: models are expanded once and asked of machine after machine.
#[derive(Default)]
pub(super) struct Fields {
    kept: Vec<(Breadth, Option<String>, Arc<Field>)>,
    jobs: u64,
}

impl Fields {
    /// Forgets all: the user's own models or quants changed.
    pub fn clear(&mut self) {
        self.kept.clear();
    }

    fn get(&mut self, breadth: Breadth, engine: &Engine, catalog: &Catalog, own: &OwnDocuments) -> Arc<Field> {
        // Only where formats of its own count does the engine matter.
        let of_engine = (breadth == Breadth::Every).then(|| engine.id.clone());
        if let Some((.., field)) = self.kept.iter().find(|kept| kept.0 == breadth && kept.1 == of_engine) {
            return field.clone();
        }
        let field = Arc::new(catalog.field(breadth, engine, &own.models, &own.quants));
        if self.kept.len() == MOST_KEPT {
            self.kept.remove(0);
        }
        self.kept.push((breadth, of_engine, field.clone()));
        field
    }

    fn next_job(&mut self) -> u64 {
        self.jobs += 1;
        self.jobs
    }
}

impl App {
    pub(super) fn carry_out_rank(&mut self, command: &Command) {
        let Some(bench) = &mut self.bench else { return };
        match command {
            &Command::Rank(breadth) => {
                let asked = Ranking::question(&bench.scenario);
                if bench.ranking.as_ref().is_some_and(|old| old.answers(&asked, breadth)) {
                    return;
                }
                let field = self.fields.get(breadth, &asked.engine, self.catalog, &self.documents);
                let job = self.fields.next_job();
                let before = bench.ranking.take();
                bench.ranking = Some(Ranking::begin(before, asked.clone(), breadth, field.clone(), job));
                self.jobs.rank(job, asked, field);
            }
            Command::FindContexts => {
                if let Some(ranking) = &mut bench.ranking {
                    ranking.contexts = Contexts::Coming;
                    let rows = ranking.rows().map(|(place, row)| (place, row.clone())).collect();
                    self.jobs.contexts(ranking.job, ranking.asked.clone(), rows);
                }
            }
            _ => {}
        }
    }

    pub(super) fn handle_rank(&mut self, event: Event) {
        let Some(ranking) = self.bench.as_mut().and_then(|bench| bench.ranking.as_mut()) else { return };
        match event {
            Event::Ranked { job, rows, took } if job == ranking.job => {
                for (first, rows) in rows {
                    ranking.take(first, rows);
                }
                ranking.took = took;
            }
            Event::Contexts { job, found, more } if job == ranking.job => {
                ranking.take_contexts(found);
                if more == More::None {
                    ranking.contexts = Contexts::Found;
                }
            }
            _ => {}
        }
    }
}

impl Jobs {
    /// Asks every model of a field; what is under way for another question stops.
    fn rank(&mut self, job: u64, asked: Scenario, field: Arc<Field>) {
        self.ranking.cancel();
        self.ranking = Cancel::new();
        let cancel = self.ranking.clone();
        self.spawn("rank", move |outbox| {
            let start = Instant::now();
            let (mut rows, mut sent, mut pause) = (Vec::new(), start, FIRST);
            for entrant in field.entrants() {
                if cancel.is_cancelled() {
                    return Event::Ranked { job, rows: Vec::new(), took: None };
                }
                rows.push((entrant.places().start, entrant.ask(&asked).collect::<Vec<Ranked>>()));
                if sent.elapsed() >= pause {
                    outbox.send(Event::Ranked { job, rows: std::mem::take(&mut rows), took: None });
                    (sent, pause) = (Instant::now(), EACH);
                }
            }
            Event::Ranked { job, rows, took: Some(start.elapsed()) }
        });
    }

    /// Looks for the largest context of each model's best row, best first: the others are not on screen.
    fn contexts(&self, job: u64, asked: Scenario, mut rows: Vec<(usize, Ranked)>) {
        let cancel = self.ranking.clone();
        self.spawn("contexts", move |outbox| {
            rows.sort_by(|(_, a), (_, b)| a.order(b));
            let mut seen = std::collections::HashSet::new();
            rows.retain(|(_, row)| seen.insert(row.subject.model.id.clone()));
            let (mut found, mut sent) = (Vec::new(), Instant::now());
            for (place, row) in rows {
                if cancel.is_cancelled() {
                    break;
                }
                found.push((place, advice::find_context(&asked, &row)));
                if sent.elapsed() >= EACH {
                    outbox.send(Event::Contexts { job, found: std::mem::take(&mut found), more: More::Coming });
                    sent = Instant::now();
                }
            }
            Event::Contexts { job, found, more: More::None }
        });
    }
}
