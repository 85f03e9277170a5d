//! The page of every model: the list and the picture, what narrows them, and the ways to the page of one.

use egui::accesskit::{Role, Toggled};
use egui::{Key, Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::advice::{Ranked, best_of_each, rank};
use willitrun::catalog::{Breadth, Catalog};
use willitrun::quant::Mix;
use willitrun::ui::bench::Workspace;
use willitrun::ui::rank::{Against, Half, Quants, Ranking, Sort};
use willitrun::units::Tokens;
use willitrun::verdict::Level;

use super::window::{
    DESKTOP, Harnessed, LAPTOP, bench, choose, click, click_role, heading, names, text_on, type_over, until, window,
    window_in,
};

/// The page with its ranking done.
fn ranked(profile: &str, model: &str) -> Harnessed {
    let mut h = window(profile, model);
    open(&mut h);
    h
}

fn open(h: &mut Harnessed) {
    h.get_by_role_and_label(Role::Tab, "What runs here").click();
    h.step();
    done(h);
}

#[track_caller]
fn done(h: &mut Harnessed) {
    h.step();
    until(h, "ranking", |bench| {
        let quants = bench.rank.quants.breadth();
        bench.ranking.as_ref().is_some_and(|ranking| !ranking.is_running() && ranking.answers(&bench.scenario, quants))
    });
}

/// Names of the rows on screen, from the top.
fn rows(h: &Harnessed) -> Vec<String> {
    let mut rows: Vec<_> = h
        .get_all_by_role(Role::ListBoxOption)
        .map(|node| (node.rect().top(), node.accesskit_node().label().unwrap_or_default()))
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    rows.into_iter().map(|(_, name)| name).collect()
}

/// What the one function of the ranking gives.
fn expected(h: &mut Harnessed) -> Vec<Ranked> {
    let base = Ranking::question(&bench(h).scenario);
    rank(&base, &Catalog::builtin().field(Breadth::Usual, &base.engine, &[], &[]))
}

fn chip(h: &Harnessed, level: Level) -> String {
    names(h)
        .into_iter()
        .find(|name| name.starts_with(&format!("{} ", level.words())) && !name.contains(','))
        .expect("a chip")
}

#[test]
fn the_list_is_the_ranking_best_first() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    let all = expected(&mut h);
    let best = best_of_each(all.clone());
    let run = best.iter().filter(|row| row.level != Level::No).count();
    let well = best.iter().filter(|row| row.level == Level::RunsWell).count();
    assert_eq!(best.len(), Catalog::builtin().models.len());
    assert_eq!(heading(&h), format!("{run} of {} models run here, {well} of them well", best.len()));
    let shown = rows(&h);
    assert!(shown.len() >= 15, "{} rows on screen", shown.len());
    // The question on screen stands among the best of each; without it the list is theirs.
    let shown = shown.iter().filter(|name| !name.starts_with("Qwen3 32B "));
    let best = best.iter().filter(|row| row.model() != "qwen3-32b");
    for (shown, row) in shown.zip(best) {
        let start = format!("{} {}, {}", row.subject.model.name, row.quant(), row.level.words());
        assert!(shown.starts_with(&start), "{shown} is not {start}");
    }
    for level in Level::ALL {
        chip(&h, level);
    }
    assert!(text_on(&h, "ranked in ") && text_on(&h, "The largest that runs well is "));
    // All the usual quants are the list of the command line.
    bench(&mut h).rank.quants = Quants::Usual;
    done(&mut h);
    let first = &all[0];
    assert!(rows(&h)[0].starts_with(&format!("{} {}, ", first.subject.model.name, first.quant())));
    assert!(
        heading(&h).contains(&format!("of {} quants", willitrun::units::grouped(all.len() as u64))),
        "{}",
        heading(&h)
    );
}

#[test]
fn the_search_is_ready_and_narrows_the_list() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    let field = h.get_by_role_and_label(Role::TextInput, "Search ranked models");
    assert!(field.accesskit_node().is_focused(), "the search is ready to be typed into");
    field.type_text("deepseek mit");
    h.run();
    let shown = rows(&h);
    assert!(!shown.is_empty() && shown.iter().all(|name| name.starts_with("DeepSeek")), "{shown:?}");
    assert!(text_on(&h, "Filters leave "));
    type_over(&mut h, Role::TextInput, "Search ranked models", "no such model");
    assert_eq!(heading(&h), "No model is like that");
    assert!(h.query_all_by_role(Role::ListBoxOption).next().is_none());
}

#[test]
fn lists_narrow_by_family_size_kind_and_licence() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    let catalog = Catalog::builtin();
    let of = |family: &str| catalog.models.iter().filter(|model| model.facts.family == family).count();
    choose(&mut h, "Family", &format!("gpt-oss   {}", of("gpt-oss")));
    assert!(rows(&h).iter().all(|name| name.starts_with("gpt-oss")) && rows(&h).len() == of("gpt-oss"));
    choose(&mut h, "Kind", "other");
    assert_eq!(heading(&h), "No model is like that", "all of that family think");
    choose(&mut h, "Kind", "reasoning");
    choose(&mut h, "Size", "15 to 40 B");
    assert_eq!(rows(&h).len(), 1, "{:?}", rows(&h));
    let wanted = bench(&mut h).rank.filter.clone();
    assert_eq!(wanted.family.as_deref(), Some("gpt-oss"));
    bench(&mut h).rank.filter = willitrun::ui::rank::Filter::default();
    h.run();
    let gemma = catalog.models.iter().filter(|model| model.facts.licence == "Gemma").count();
    choose(&mut h, "Licence", &format!("Gemma   {gemma}"));
    let counted: usize = heading(&h).split(' ').nth(2).and_then(|word| word.parse().ok()).expect("a count");
    assert_eq!(counted, gemma);
}

#[test]
fn a_chip_shows_and_hides_a_verdict() {
    let mut h = ranked(LAPTOP, "llama-3.1-8b");
    let no = chip(&h, Level::No);
    let toggled = |h: &Harnessed, name: &str| h.get_by_role_and_label(Role::CheckBox, name).accesskit_node().toggled();
    assert_eq!(toggled(&h, &no), Some(Toggled::False));
    for level in [Level::RunsWell, Level::RunsSlowly, Level::Tight, Level::Disk] {
        let name = chip(&h, level);
        assert_eq!(toggled(&h, &name), Some(Toggled::True), "{name}");
        click_role(&mut h, Role::CheckBox, &name);
    }
    assert!(h.query_all_by_role(Role::ListBoxOption).next().is_none());
    click_role(&mut h, Role::CheckBox, &no);
    let shown = rows(&h);
    assert!(!shown.is_empty() && shown.iter().all(|name| name.contains(", Will not run")), "{shown:?}");
    let count: usize = no.rsplit(' ').next().and_then(|count| count.parse().ok()).expect("a count");
    assert!(heading(&h).starts_with(&format!("{} of ", Catalog::builtin().models.len() - count)), "{}", heading(&h));
}

#[test]
fn a_header_sorts_and_turns_round() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    let rate = |name: &str| -> f64 {
        let at = name.split(", ").find_map(|part| part.strip_suffix(" tokens/s")).unwrap_or("0");
        at.replace(',', "").parse().expect("a rate")
    };
    click(&mut h, "Sort by speed");
    let fast: Vec<f64> = rows(&h).iter().map(|name| rate(name)).collect();
    assert!(fast.windows(2).all(|pair| pair[0] >= pair[1]) && fast[0] > 50.0, "{fast:?}");
    click(&mut h, "Sort by speed");
    let slow: Vec<f64> = rows(&h).iter().map(|name| rate(name)).collect();
    assert!(slow.windows(2).all(|pair| pair[0] <= pair[1]), "{slow:?}");
    choose(&mut h, "Order", "name");
    assert_eq!(bench(&mut h).rank.order.sort, Sort::Name);
    let shown = rows(&h);
    let low: Vec<String> = shown.iter().map(|name| name.to_lowercase()).collect();
    assert!(low.windows(2).all(|pair| pair[0].split(',').next() <= pair[1].split(',').next()), "{low:?}");
}

#[test]
fn keys_walk_the_list_and_enter_opens_a_row() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    click(&mut h, "Sort by speed");
    h.get_by_role_and_label(Role::TextInput, "Search ranked models").focus();
    h.run();
    // Down from the search into the list; the list keeps the keyboard.
    h.key_press(Key::ArrowDown);
    h.run();
    for key in [Key::Home, Key::ArrowDown, Key::ArrowDown, Key::ArrowUp] {
        h.key_press(key);
        h.run();
    }
    let second = rows(&h)[1].clone();
    let is_selected = |h: &Harnessed, name: &str| {
        h.get_by_role_and_label(Role::ListBoxOption, name).accesskit_node().toggled() == Some(Toggled::True)
    };
    assert!(is_selected(&h, &second), "{second}");
    // The card tells of it.
    let title = second.split(',').next().expect("a name").to_owned();
    h.get_by_label(&title);
    h.key_press(Key::End);
    h.run();
    let last = rows(&h).last().cloned().expect("a row");
    assert!(is_selected(&h, &last), "the end is scrolled to: {last}");
    h.key_press(Key::PageUp);
    h.run();
    h.key_press(Key::Home);
    h.run();
    let first = rows(&h)[0].clone();
    assert!(is_selected(&h, &first));
    h.key_press(Key::Enter);
    h.run();
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    let subject = bench(&mut h).scenario.subject.clone();
    assert!(first.starts_with(&format!("{} {}, ", subject.model.name, subject.quant.id)), "{first}");
    assert_eq!(heading(&h), bench(&mut h).answer().verdict.sentence());
}

#[test]
fn a_row_is_selected_and_opened() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    type_over(&mut h, Role::TextInput, "Search ranked models", "gpt-oss-20b");
    let row = rows(&h)[0].clone();
    click_role(&mut h, Role::ListBoxOption, &row);
    assert_eq!(bench(&mut h).workspace, Workspace::Rank, "the first click selects");
    h.get_by_label("gpt-oss-20b MXFP4_MOE");
    assert!(text_on(&h, "as it was released") && text_on(&h, "Apache-2.0"));
    click(&mut h, "Open in Run");
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    let subject = bench(&mut h).scenario.subject.clone();
    assert_eq!((subject.model.id.as_str(), subject.quant.as_mix()), ("gpt-oss-20b", Some(Mix::MXFP4_MOE)));
    // A second click on the row that is selected opens as well.
    open(&mut h);
    type_over(&mut h, Role::TextInput, "Search ranked models", "gemma");
    let row = rows(&h)[0].clone();
    click_role(&mut h, Role::ListBoxOption, &row);
    click_role(&mut h, Role::ListBoxOption, &row);
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    assert!(bench(&mut h).scenario.subject.model.facts.family.contains("Gemma"));
}

#[test]
fn a_point_is_selected_and_opened() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    type_over(&mut h, Role::TextInput, "Search ranked models", "gpt-oss");
    let point = |h: &Harnessed| {
        names(h).into_iter().find(|name| name.starts_with("Point gpt-oss-120b ")).expect("a point of its own")
    };
    let name = point(&h);
    click(&mut h, &name);
    assert_eq!(bench(&mut h).workspace, Workspace::Rank);
    h.get_by_label("gpt-oss-120b MXFP4_MOE");
    let name = point(&h);
    click(&mut h, &name);
    assert_eq!(bench(&mut h).workspace, Workspace::Run);
    assert_eq!(bench(&mut h).scenario.subject.model.id, "gpt-oss-120b");
}

#[test]
fn quality_places_only_what_is_cited() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    bench(&mut h).rank.against = Against::Quality;
    h.run();
    let best = best_of_each(expected(&mut h));
    let shown = best.iter().filter(|row| row.level != Level::No);
    let cited = shown.clone().filter(|row| row.loss.figure().is_some() && row.rate.is_some()).count();
    assert!(cited < shown.count(), "some are in the format they were released in");
    let figure = names(&h).into_iter().find(|name| name.starts_with("Speed against quality, ")).expect("a picture");
    let points: usize = figure.split(' ').nth(3).and_then(|count| count.parse().ok()).expect("a count");
    // The question on screen may stand among them under another quant.
    assert!(points == cited || points == cited + 1, "{points} of {cited}");
}

#[test]
fn another_context_is_ranked_anew() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    choose(&mut h, "Context of the ranking", "65,536");
    assert_eq!(bench(&mut h).scenario.run.context, Tokens::new(65_536));
    done(&mut h);
    let asked = bench(&mut h).ranking.as_ref().expect("a ranking").asked.run.context;
    assert_eq!(asked, Tokens::new(65_536));
    assert!(text_on(&h, "for 65,536 tokens of context"));
}

#[test]
fn every_quant_and_one_quant_are_lists_of_their_own() {
    let mut h = ranked(LAPTOP, "llama-3.1-8b");
    choose(&mut h, "Quants of the ranking", "Q4_K_M");
    done(&mut h);
    assert!(rows(&h).iter().all(|name| name.contains(" Q4_K_M, ") || name.contains(" MXFP4_MOE, ")), "{:?}", rows(&h));
    choose(&mut h, "Quants of the ranking", "every quant");
    // The first rows are on screen while the others are on their way.
    until(&mut h, "first rows", |bench| {
        let every = |ranking: &&Ranking| ranking.breadth == Breadth::Every;
        bench.ranking.as_ref().filter(every).is_some_and(|ranking| ranking.progress().0 > 0)
    });
    let field = bench(&mut h).ranking.as_ref().expect("a ranking").field.rows();
    assert!(field > 5000, "{field} rows");
    assert!(heading(&h).ends_with(" of them well") && heading(&h).contains(" quants run here, "), "{}", heading(&h));
    assert!(!rows(&h).is_empty());
    assert!(rows(&h).len() < 40, "only rows that are seen are made");
}

#[test]
fn a_narrow_window_shows_the_list_or_the_picture() {
    let mut h = window_in(DESKTOP, "qwen3-32b", Theme::Light, vec2(900.0, 600.0));
    open(&mut h);
    let pictures = |h: &Harnessed| names(h).iter().filter(|name| name.starts_with("Speed against memory, ")).count();
    assert!(pictures(&h) == 0 && rows(&h).len() >= 5, "{} rows", rows(&h).len());
    click_role(&mut h, Role::RadioButton, "picture");
    assert_eq!(bench(&mut h).rank.half, Half::Picture);
    assert_eq!(pictures(&h), 1);
    h.get_by_label("Open in Run");
    assert!(h.query_all_by_role(Role::ListBoxOption).next().is_none());
}

#[test]
fn the_rows_on_screen_are_exported() {
    let mut h = ranked(DESKTOP, "qwen3-32b");
    type_over(&mut h, Role::TextInput, "Search ranked models", "gpt-oss");
    let count = rows(&h).len();
    // Without a dialog a path is asked for.
    let table = {
        click(&mut h, "Export…");
        until(&mut h, "table", |bench| bench.exported.is_some());
        let file = bench(&mut h).exported.clone().expect("a table");
        String::from_utf8(file.bytes.to_vec()).expect("text")
    };
    assert_eq!(table.lines().count(), count + 1, "{table}");
    assert!(table.lines().nth(1).is_some_and(|line| line.contains(",gpt-oss-")), "{table}");
}
