//! Which quants of each model a ranking asks about.

use std::sync::Arc;

use crate::advice::{Candidate, Field, Loss};
use crate::model::Architecture;
use crate::placement::Engine;
use crate::quant::{CustomMix, Mix, Quant};

use super::Catalog;

/// Mixes for models that were trained so: of any other they leave nothing.
const TRAINED: [Mix; 4] = [Mix::TQ1_0, Mix::TQ2_0, Mix::Q1_0, Mix::Q2_0];

/// How many quants of each model are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Breadth {
    /// The format a model was released in, else the few usual mixes that `assets/quality.ron` names.
    #[default]
    Usual,
    /// Every mix, every published file, every format the engine reads, and the user's own.
    Every,
    /// One mix; a model released quantised stays as it was released.
    One(Mix),
}

impl Catalog {
    /// The built-in models after those of the user's own, each at the quants asked for.
    #[must_use]
    pub fn field(
        &self,
        breadth: Breadth,
        engine: &Engine,
        own: &[Arc<Architecture>],
        quants: &[Arc<CustomMix>],
    ) -> Field {
        let models = own.iter().chain(&self.models);
        Field::new(models.map(|model| (model.clone(), self.candidates(breadth, engine, model, quants))))
    }

    fn candidates(
        &self,
        breadth: Breadth,
        engine: &Engine,
        model: &Architecture,
        quants: &[Arc<CustomMix>],
    ) -> Vec<Candidate> {
        let candidate = |mix: Mix| Candidate::mix(model, mix, &self.quality);
        match (breadth, model.native_mix()) {
            (Breadth::Usual | Breadth::One(_), Some(native)) => vec![candidate(native)],
            (Breadth::Usual, None) => self.quality.ranked.iter().copied().map(candidate).collect(),
            (Breadth::One(mix), None) => vec![candidate(mix)],
            (Breadth::Every, _) => {
                let mixes = Mix::ALL.iter().copied().filter(|mix| !TRAINED.contains(mix)).map(candidate);
                let own = quants.iter().map(|mix| Candidate::new(Quant::custom(mix.clone()), Loss::Unknown));
                let files = self.published_of(&model.id).filter(|file| file.is_for(&engine.id)).map(|file| Candidate {
                    quant: file.quant(),
                    layout: file.layout,
                    release: Some(file.release()),
                    loss: Loss::cited(&self.quality, &file.label),
                });
                let read = self.quants.runtimes.iter().filter(|row| row.layout.is_read_by(&engine.id, &engine.name));
                let formats = read.map(|row| {
                    let released = row.native.contains(&model.id);
                    let loss = if released { Loss::AsReleased } else { Loss::cited(&self.quality, &row.id) };
                    Candidate::new(row.quant(), loss)
                });
                mixes.chain(own).chain(files).chain(formats).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::{Ranked, best_of_each, default_subject};
    use crate::quant::Imatrix;
    use crate::scenario::{Scenario, Subject, evaluate_here};
    use crate::units::{Bytes, Params};
    use crate::verdict::Level;

    #[test]
    fn a_breadth_is_so_many_rows() {
        let catalog = Catalog::builtin();
        let rows =
            |breadth, engine: &str| catalog.field(breadth, catalog.engine(engine).expect(engine), &[], &[]).rows();
        let models = catalog.models.len();
        let native = catalog.models.iter().filter(|model| model.native_mix().is_some()).count();
        assert_eq!(rows(Breadth::One(Mix::Q4_K_M), "llama.cpp"), models);
        assert_eq!(rows(Breadth::Usual, "llama.cpp"), (models - native) * catalog.quality.ranked.len() + native);
        let mixes = models * (Mix::ALL.len() - TRAINED.len());
        let files = catalog.files.iter().filter(|file| file.is_for("llama.cpp")).count();
        assert!(files > 0);
        assert_eq!(rows(Breadth::Every, "llama.cpp"), mixes + files);
        assert!(rows(Breadth::Every, "vllm") > mixes + catalog.files.len(), "formats of its own besides");
    }

    #[test]
    fn a_published_file_is_asked_about_as_on_the_page_of_one_model() {
        let catalog = Catalog::builtin();
        let model = catalog.model("deepseek-r1").expect("R1").clone();
        let engine = &catalog.engines[0];
        let base = Scenario::new(
            Arc::new(default_subject(&model)),
            Arc::new(catalog.profiles[0].machine.clone()),
            engine.clone(),
            catalog.parameters.clone(),
        );
        let field = Field::new([(model.clone(), catalog.candidates(Breadth::Every, engine, &model, &[]))]);
        let rows: Vec<Ranked> = field.entrants()[0].ask(&base).collect();
        for file in catalog.published_of(&model.id).filter(|file| file.is_for(&engine.id)) {
            let row = rows.iter().find(|row| row.quant() == file.id).expect("a row");
            assert_eq!(*row.subject, file.subject(&model, None), "{}", file.id);
        }
    }

    #[test]
    fn what_a_model_was_released_in_loses_nothing() {
        let catalog = Catalog::builtin();
        let engine = &catalog.engines[0];
        let model = catalog.model("gpt-oss-20b").expect("a preset").clone();
        let usual = catalog.candidates(Breadth::Usual, engine, &model, &[]);
        assert_eq!((usual.len(), usual[0].loss), (1, Loss::AsReleased));
        let every = catalog.candidates(Breadth::Every, engine, &model, &[]);
        assert_eq!(every.iter().filter(|candidate| candidate.loss == Loss::AsReleased).count(), 1);
        let q4 = every.iter().find(|candidate| candidate.quant.id == "Q4_K_M").expect("a mix");
        assert!(matches!(q4.loss, Loss::Cited(figure) if figure > 0.0));
    }

    fn row(model: &str, mix: Mix, level: Level, rate: f64, loss: Loss, gb: u64) -> Ranked {
        let shape = Catalog::builtin().model("llama-3.1-8b").expect("a preset");
        let shape = Architecture { id: model.to_owned(), ..(**shape).clone() };
        let mut subject = Subject::new(shape, Quant::mix(mix, Imatrix::Without), None);
        subject.weights.file = Bytes::new(gb);
        Ranked {
            params: Params::new(1),
            subject: Arc::new(subject),
            level,
            rate: Some(rate),
            memory: Bytes::ZERO,
            context_max: None,
            loss,
        }
    }

    #[test]
    fn verdict_then_speed_to_twenty_then_cited_quality_then_size() {
        let cited = Loss::Cited;
        let mut rows = vec![
            row("slow", Mix::Q8_0, Level::RunsSlowly, 9.0, cited(0.001), 9),
            row("no figure", Mix::NVFP4, Level::RunsWell, 30.0, Loss::Unknown, 9),
            row("four bits", Mix::Q4_K_M, Level::RunsWell, 90.0, cited(0.03), 5),
            row("eight bits", Mix::Q8_0, Level::RunsWell, 25.0, cited(0.001), 8),
            row("larger", Mix::Q8_0, Level::RunsWell, 21.0, cited(0.001), 9),
            row("as released", Mix::MXFP4_MOE, Level::RunsWell, 21.0, Loss::AsReleased, 1),
            row("below twenty", Mix::Q8_0, Level::RunsWell, 19.0, cited(0.001), 9),
            row("larger", Mix::Q4_K_M, Level::RunsWell, 40.0, cited(0.03), 4),
        ];
        rows.sort_by(Ranked::order);
        let order: Vec<&str> = rows.iter().map(Ranked::model).collect();
        let expected =
            ["as released", "larger", "eight bits", "four bits", "larger", "no figure", "below twenty", "slow"];
        assert_eq!(order, expected);
        assert_eq!(best_of_each(rows).len(), 7);
    }

    #[test]
    fn a_row_is_what_evaluate_answers() {
        let catalog = Catalog::builtin();
        let of = |id: &str| catalog.model(id).expect(id).clone();
        for (profile, engine) in [("desktop-rtx-4090-96gb", "llama.cpp"), ("laptop-16gb", "vllm")] {
            let machine = Arc::new(catalog.profile(profile).expect(profile).machine.clone());
            let engine = catalog.engine(engine).expect(engine).clone();
            let start = Arc::new(default_subject(&of("deepseek-r1")));
            let base = Scenario::new(start, machine, engine, catalog.parameters.clone());
            let field = Field::new(["deepseek-r1", "gpt-oss-20b", "llama-2-7b"].map(of).into_iter().map(|model| {
                let mixes = [Mix::Q8_0, Mix::IQ2_M].map(|mix| Candidate::mix(&model, mix, &catalog.quality));
                (model, mixes.to_vec())
            }));
            assert_eq!(field.rows(), 6);
            for (place, row) in field.entrants().iter().flat_map(|entrant| entrant.places().zip(entrant.ask(&base))) {
                let subject = Subject::new(row.subject.model.clone(), row.subject.quant.clone(), None);
                assert_eq!(*row.subject, subject);
                let mut asked = Scenario { subject: Arc::new(subject), ..base.clone() };
                asked.run.context = asked.run.context.min(row.subject.model.max_context);
                let answer = evaluate_here(&asked);
                let rate = answer.bill.as_ref().map(|bill| bill.rate.expected);
                let expected = (answer.verdict.level, rate, answer.plan.total());
                assert_eq!((row.level, row.rate, row.memory), expected, "row {place} on {profile}");
            }
        }
    }
}
