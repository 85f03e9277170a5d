//! The page of thinking and serving: the question on screen, and what is asked of the pure rooms besides.

use egui::accesskit::Role;
use egui::{Theme, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use willitrun::advice::{alternatives, binding, nodes, parallel};
use willitrun::catalog::Catalog;
use willitrun::placement::Policy;
use willitrun::reasoning::answer::time;
use willitrun::reasoning::strategy::CAVEAT;
use willitrun::ui::bench::Workspace;
use willitrun::ui::reason::Section;
use willitrun::units::{Bytes, Tokens};

use super::window::{
    DESKTOP, Harnessed, SERVER, SIZE, bench, click, click_role, heading, names, text_on, type_over, until, window_in,
};

/// A part of the page, for a model on a machine, in a window so high that every row is drawn.
pub fn page(profile: &str, model: &str, part: &str) -> Harnessed {
    let mut h = window_in(profile, model, Theme::Dark, vec2(1280.0, 2400.0));
    click_role(&mut h, Role::Tab, "Reason");
    click_role(&mut h, Role::RadioButton, part);
    h
}

#[test]
fn the_time_to_an_answer_is_said_first() {
    let mut h = page(SERVER, "deepseek-r1", "Time to answer");
    assert_eq!(bench(&mut h).workspace, Workspace::Reason);
    let whole = bench(&mut h).answer().whole_answer.expect("it runs");
    assert_eq!(heading(&h), format!("A 12,000-token answer takes {whole}"));
    let split = time(&bench(&mut h).scenario.clone(), Tokens::new(500)).expect("a time");
    let parts = split.prompt.get() + split.thinking.get() + split.shown.get();
    assert!((parts - whole.get()).abs() < 1e-6 * whole.get());
    assert!(text_on(&h, &format!("Thinking {}", split.thinking)));
    assert!(text_on(&h, &format!("The first token comes after {}", split.first_token)));
    assert!(split.last_rate < split.first_rate, "depth slows it down");
    assert!(text_on(&h, "How it wants to be sampled: Temperature 0.6"));
    assert!(text_on(&h, "Not tested on such models: the study had no mixture of experts"), "of several samples");
    assert!(text_on(&h, CAVEAT));
}

#[test]
fn a_published_length_is_taken_by_a_click() {
    let mut h = page(SERVER, "deepseek-r1", "Time to answer");
    let lengths = &Catalog::builtin().thinking.lengths;
    let long = lengths.iter().find(|length| length.task == "AIME, R1-0528").expect("it is published");
    click_role(&mut h, Role::Button, &long.tokens.to_string());
    assert_eq!((bench(&mut h).scenario.answer, long.tokens), (long.tokens, Tokens::new(23_000)));
    assert!(heading(&h).starts_with("A 23,000-token answer takes "), "{}", heading(&h));
    // The one scenario: the page of the run has it, too.
    click_role(&mut h, Role::Tab, "Run");
    assert!(text_on(&h, "23,000-token answer"));
}

#[test]
fn a_distill_stands_beside_r1() {
    let mut h = page(DESKTOP, "deepseek-r1", "Time to answer");
    assert!(text_on(&h, "Distills are Qwen and Llama models trained on R1's answers"));
    click(&mut h, "R1-Distill-Qwen-32B");
    assert_eq!(bench(&mut h).scenario.subject.model.id, "deepseek-r1-distill-qwen-32b");
    assert_eq!(bench(&mut h).scenario.answer, Tokens::new(12_000));
    let whole = bench(&mut h).answer().whole_answer.expect("it runs");
    assert_eq!(heading(&h), format!("A 12,000-token answer takes {whole}"));
}

/// Nothing is cut at the right in a narrow window, in either theme.
#[test]
fn every_part_is_within_a_narrow_window() {
    for (theme, size) in [(Theme::Dark, vec2(900.0, 600.0)), (Theme::Light, SIZE)] {
        let mut h = window_in(SERVER, "deepseek-r1", theme, size);
        click_role(&mut h, Role::Tab, "Reason");
        for (section, title) in Section::ALL {
            click_role(&mut h, Role::RadioButton, title);
            assert_eq!(bench(&mut h).reason.section, section);
            let wide = h.root().children_recursive().filter(|node| {
                let place = node.accesskit_node().bounding_box();
                place.is_some_and(|place| place.x1 > f64::from(size.x) + 0.5)
            });
            let wide: Vec<_> = wide.filter_map(|node| node.accesskit_node().label()).collect();
            assert!(wide.is_empty(), "{title} at {size}: {wide:?}");
        }
    }
}

#[test]
fn the_equation_is_live_and_the_advice_has_its_caveat() {
    let mut h = page(DESKTOP, "qwen3-4b", "Memory");
    bench(&mut h).scenario.answer = Tokens::new(30_000);
    h.run();
    assert_eq!(heading(&h), "2.48 GiB of weights and 4.12 GiB of cache are 6.60 GiB");
    assert!(text_on(&h, "= 1 × 30,000 × 73,728 × 2"));
    assert!(text_on(&h, "73,728 = 36 layers × 8 KV heads × 128 × 2"));
    assert!(text_on(&h, "Weights of 2.48 GiB: spend on weights."));
    assert!(text_on(&h, CAVEAT));
    bench(&mut h).serve(1, 16);
    h.run();
    assert!(text_on(&h, "= 65.92 GiB"), "{}", heading(&h));
    bench(&mut h).serve(1, 1);
    click_role(&mut h, Role::RadioButton, "8 bit");
    assert!(text_on(&h, "Weights of 4.19 GiB: spend on tokens."));
}

#[test]
fn larger_models_are_advised_by_task() {
    let mut h = page(DESKTOP, "qwen3-8b", "Memory");
    click_role(&mut h, Role::RadioButton, "8 bit");
    assert!(text_on(&h, "Weights of 8.94 GiB: spend on tokens up to 20,000 to 30,000, then on samples."));
    let mut h = page(DESKTOP, "qwen3-14b", "Memory");
    assert!(text_on(&h, "8-bit 8B has 8.94 GiB of weights and did better at math."));
    click_role(&mut h, Role::RadioButton, "knowledge");
    assert!(!text_on(&h, "did better at"));
    assert!(text_on(&h, "For knowledge, a larger model in 4 bit"));
}

#[test]
fn what_was_not_tested_is_said() {
    let mut h = page(SERVER, "deepseek-r1", "Memory");
    assert!(text_on(&h, "What memory is best spent on: not tested"));
    assert!(text_on(&h, "Not tested: the study had no mixture of experts and no latent cache."));
    assert!(text_on(&h, CAVEAT));
    bench(&mut h).scenario.answer = Tokens::new(30_000);
    h.run();
    assert!(text_on(&h, "= 1.96 GiB"));
    bench(&mut h).serve(1, 16);
    h.run();
    assert!(text_on(&h, "= 31.41 GiB"));
}

#[test]
fn a_smaller_cache_is_typed_and_three_words_are_kept_apart() {
    let mut h = page(SERVER, "qwen3-4b", "KV cache");
    assert!(text_on(&h, "quantized, 4.2500 bits with scales"));
    for word in ["Quantization keeps every token", "Token eviction forgets tokens", "Putting a request out"] {
        assert!(text_on(&h, word), "{word}");
    }
    // R-KV's budget and buffer of 16,384 tokens in all.
    bench(&mut h).scenario.prompt = Tokens::new(384);
    bench(&mut h).scenario.answer = Tokens::new(16_000);
    h.run();
    assert!(text_on(&h, "0.0703"), "R-KV");
    assert!(text_on(&h, "0.2656"), "4 bit, 64 values to a scale");
    type_over(&mut h, Role::SpinButton, "Zero point", "16");
    h.key_press(egui::Key::Enter);
    h.run();
    assert!(text_on(&h, "0.2812") || text_on(&h, "0.2813"), "with a zero point");
    click_role(&mut h, Role::Tab, "One sequence's cache alone");
    let plot = names(&h).into_iter().find(|name| name.starts_with("Cache by tokens, at 16,384")).expect("the plot");
    assert!(plot.contains("R-KV 162 MiB"), "{plot}");
}

/// Weights, buffers and cache, each way a curve, under the line of the room there is.
#[test]
fn ways_to_keep_a_cache_are_curves_on_the_memory_plot() {
    let mut h = page(DESKTOP, "qwen3-4b", "KV cache");
    let asked = 32_768;
    let scenario = bench(&mut h).scenario.clone();
    bench(&mut h).scenario.prompt = Tokens::new(0);
    bench(&mut h).scenario.answer = Tokens::new(asked);
    h.run();
    let plot =
        names(&h).into_iter().find(|name| name.starts_with("Memory by context, at 32,768 tokens: ")).expect("it");
    assert!(plot.ends_with("; there is VRAM 24.0 GiB, VRAM and RAM 120.0 GiB"), "{plot}");
    let mut at = scenario;
    at.run.context = Tokens::new(asked);
    let plan = willitrun::scenario::evaluate(&at).plan;
    let rest = plan.total() - plan.kv();
    let each = Bytes::new(147_456);
    for (name, cache) in [
        ("16 bit, all tokens", each * asked),
        ("fewer bits", Bytes::new(each.get() * asked / 64 * 17)),
        ("R-KV", each * (1024 + 128)),
        ("StreamingLLM", each * 2048),
        ("H2O", each * 4096),
    ] {
        let all = format!("{name} {}", (rest + cache).in_gib());
        assert!(plot.contains(&all), "{all}: {plot}");
        assert!(text_on(&h, &(rest + cache).in_gib()), "in the table, too: {all}");
    }
}

#[test]
fn placements_have_ceilings_apart_from_what_is_expected() {
    let mut h = page(DESKTOP, "deepseek-r1", "Offload");
    assert_eq!(heading(&h), "--cpu-moe: at most 7.24 tokens/s");
    assert!(text_on(&h, "6.25 times as long a token as all on the GPU"));
    assert!(text_on(&h, "1.68 times as fast as all in RAM"));
    click(&mut h, "-ngl all");
    assert_eq!(heading(&h), "-ngl all: at most 45.2 tokens/s");
    click(&mut h, "-ngl 0");
    assert_eq!(heading(&h), "-ngl 0: at most 4.31 tokens/s");
    click(&mut h, "first layers on GPU");
    assert!(heading(&h).starts_with("first layers on GPU: at most 4."), "{}", heading(&h));
    // A faster RAM, and a machine that holds it: what is expected stands beside the ceiling.
    let h = page(SERVER, "deepseek-r1", "Offload");
    assert_eq!(heading(&h), "--cpu-moe: at most 27.3 tokens/s");
    assert!(text_on(&h, "Expected, with all that an engine loses: "));
}

#[test]
fn the_table_of_classes_is_edited_and_a_placement_is_taken() {
    let mut h = page(SERVER, "deepseek-r1", "Offload");
    click_role(&mut h, Role::ComboBox, "Attention lies");
    // The last: the strip has a heading of the same word.
    let ram = h.get_all_by_label("RAM").last().expect("a place");
    ram.click();
    h.run();
    assert!(heading(&h).starts_with("This table: at most "), "{}", heading(&h));
    click_role(&mut h, Role::Button, "Reset");
    assert_eq!(heading(&h), "--cpu-moe: at most 27.3 tokens/s");
    assert_eq!(bench(&mut h).scenario.policy, Policy::default());
    // The first that can run on this machine.
    let take = h.get_all_by_role_and_label(Role::Button, "Take").next().expect("one that runs");
    take.click();
    h.run();
    assert_ne!(bench(&mut h).scenario.policy, Policy::default());
}

#[test]
fn every_format_has_its_real_bits() {
    let h = page(SERVER, "deepseek-r1", "Quants");
    assert_eq!(heading(&h), "DeepSeek-R1 in Q4_K_M is 404.5 GB, 376.7 GiB");
    assert!(text_on(&h, "4.822 real bits for each weight, its label says 4"));
    assert!(text_on(&h, "512 GiB, 549.8 GB"), "the trap of modules");
    for (format, numbers) in [("Q8_0", ["8.504", "713.28", "664.29"]), ("Q4_K_M", ["4.822", "404.49", "376.71"])] {
        h.get_all_by_role_and_label(Role::Button, format).next().expect("a row");
        for number in numbers {
            assert!(text_on(&h, number), "{format} {number}");
        }
    }
    assert!(text_on(&h, "Scales") && text_on(&h, "(S + Z) / g"), "what a group adds");
    assert!(text_on(&h, "AIME 2024 on DeepSeek-R1 671B: 75.43"), "cited with its model");
    assert!(text_on(&h, "arXiv 2505.02390"), "and its source");
}

#[test]
fn a_format_is_asked_for_by_its_formula() {
    let mut h = page(SERVER, "deepseek-r1", "Quants");
    assert!(text_on(&h, "b + (S + Z) / g = 4.125 bits: 346.00 GB"));
    type_over(&mut h, Role::SpinButton, "Zero bits", "4");
    h.key_press(egui::Key::Enter);
    h.run();
    assert!(text_on(&h, "b + (S + Z) / g = 4.156 bits: 348.6"));
    click_role(&mut h, Role::Button, "Ask for it");
    assert_eq!(bench(&mut h).scenario.subject.quant.id, "4.15625bpw");
    assert!(heading(&h).contains("348.6 GB"), "{}", heading(&h));
}

#[test]
fn a_latent_cache_is_shown_in_every_layout() {
    let mut h = page(SERVER, "deepseek-r1", "KV cache");
    assert_eq!(heading(&h), "A context of 8,192 tokens keeps 549 MiB of cache");
    for (name, per_token) in [
        ("every head, f16", "4,997,120"),
        ("latent twice, f16", "132,736"),
        ("latent, f16", "70,272"),
        ("latent, q8_0", "37,332"),
        ("latent, q4_0", "19,764"),
        ("FP8 with scales (fp8_ds_mla)", "40,016"),
        ("Flat FP8", "35,136"),
        ("NVFP4", "26,352"),
    ] {
        assert!(text_on(&h, name) && text_on(&h, per_token), "{name}: {per_token}");
    }
    for saving in ["60 %", "93.3 %", "98.59 %"] {
        assert!(text_on(&h, saving), "{saving}");
    }
    bench(&mut h).scenario.run.context = Tokens::new(32_768);
    h.run();
    assert_eq!(heading(&h), "A context of 32,768 tokens keeps 2.1 GiB of cache");
}

#[test]
fn questions_are_searched_and_change_with_the_selectors() {
    let mut h = page(SERVER, "deepseek-r1", "Questions");
    let first = bench(&mut h).scenario.clone();
    let answer = bench(&mut h).answer().clone();
    let entries = Catalog::builtin().faq(&first, &answer);
    assert_eq!(heading(&h), format!("{} questions, answered for DeepSeek-R1 in Q4_K_M", entries.len()));
    let cost = entries.iter().find(|entry| entry.id == "cost").expect("it has a speed");
    type_over(&mut h, Role::TextInput, "Search questions", "cheaper");
    h.get_by_label(&cost.question);
    h.get_by_label(&cost.answer);
    h.get_by_label(&cost.how);
    assert!(!text_on(&h, "Temperature 0.6"), "others are gone");
    type_over(&mut h, Role::TextInput, "Search questions", "temperature");
    assert!(text_on(&h, "Temperature 0.6"));
    type_over(&mut h, Role::TextInput, "Search questions", "zebra");
    assert!(text_on(&h, "No question or answer has all of these words."));
    type_over(&mut h, Role::TextInput, "Search questions", "cheaper");
    bench(&mut h).scenario.engine = Catalog::builtin().engine("ik_llama.cpp").expect("built in").clone();
    h.run();
    assert!(h.query_by_label(&cost.answer).is_none(), "another engine has another speed");
}

#[test]
fn what_others_say_is_recomputed() {
    let mut h = page(SERVER, "deepseek-r1", "What others say");
    let (told, settled) = Catalog::builtin().told();
    assert!(heading(&h).ends_with(&format!("of {} answers are wrong", told.len())), "{}", heading(&h));
    for one in &settled {
        assert!(text_on(&h, &format!("{}  {}", one.contradiction.id, one.contradiction.question)));
    }
    click_role(&mut h, Role::RadioButton, "cache");
    let code = told.iter().find(|told| told.claim.id == "course-kv-code").expect("a claim");
    assert!(text_on(&h, &code.formula()), "{}", code.formula());
    assert!(text_on(&h, &code.ours_in_words()));
    let other = told.iter().find(|told| told.claim.topic.name() == "weights").expect("a claim");
    assert!(!text_on(&h, &other.claim.why), "another topic is not shown");
}

/// Windows, recurrent layers, one memory for all, no GPU, several machines: every part says something, and what cannot be
/// said is said.
#[test]
fn every_part_takes_every_kind_of_model_and_machine() {
    for (profile, model) in [
        ("mac-studio-m2-ultra-192gb", "gpt-oss-120b"),
        ("raspberry-pi-4-8gb", "deepseek-r1"),
        ("2x-dgx-spark", "gemma-3-27b"),
        ("8x-h100-80gb", "kimi-k2"),
        ("laptop-16gb", "nemotron-nano-9b-v2"),
    ] {
        let catalog = Catalog::builtin();
        let model = catalog.model(model).expect("built in").id.clone();
        let mut h = window_in(profile, &model, Theme::Light, SIZE);
        click_role(&mut h, Role::Tab, "Reason");
        for (_, title) in Section::ALL {
            click_role(&mut h, Role::RadioButton, title);
            assert!(heading(&h).chars().count() > 8, "{profile} {model} {title}");
        }
    }
}

#[test]
fn a_machine_is_told_what_it_is_for_a_model() {
    let mut h = page(DESKTOP, "deepseek-r1", "Hardware");
    assert!(heading(&h).contains("class: "), "{}", heading(&h));
    // Native, 8 bit and 4 bit against 24 and 96 GiB.
    for short in ["−521.8", "−544.8", "−257.2"] {
        assert!(text_on(&h, short), "{short}: {:?}", names(&h));
    }
    let lines = binding::find(&bench(&mut h).scenario.clone(), &bench(&mut h).answer().clone()).lines();
    assert!(lines.iter().all(|line| text_on(&h, line)), "{lines:?}");
    assert!(text_on(&h, "9.0 h at 100 Mb/s, 54 min at 1 Gb/s, 5.4 min at 10 Gb/s"), "the download");
    bench(&mut h).scenario.run.context = Tokens::new(163_840);
    h.run();
    assert!(text_on(&h, "10.7 GiB whole"), "a latent cache is not shared out");
    // A model whose heads sixteen GPUs cannot share.
    let mut h = page(SERVER, "qwen3-32b", "Hardware");
    let degrees = parallel::degrees(&bench(&mut h).scenario.clone());
    for degree in degrees.iter().filter(|degree| !degree.refused.is_empty()) {
        assert!(text_on(&h, &degree.refused), "{}", degree.gpus);
    }
}

#[test]
fn several_machines_are_told_and_a_ready_made_cluster_is_opened() {
    let mut h = page(DESKTOP, "qwen3-32b", "Hardware");
    let scenario = bench(&mut h).scenario.clone();
    let catalog = Catalog::builtin();
    let groups = nodes::groups(&scenario, catalog.engine("ideal").expect("built in"), &catalog.clusters());
    assert!(text_on(&h, &groups[1].machine.name) && groups[1].machine.name.starts_with("2 x "));
    assert!(text_on(&h, "Memory adds up; the speed of one answer does not"));
    let shared = groups[1].shared.expect("two cards hold it");
    assert!(text_on(&h, &shared.ceiling.to_string()));
    click_role(&mut h, Role::Button, "2 x Mac Studio M3 Ultra, 512 GB each");
    assert_eq!(bench(&mut h).scenario.machine.id, "2x-mac-studio-m3-ultra-512gb");
    assert_eq!(bench(&mut h).workspace, Workspace::Reason);
}

#[test]
fn other_models_are_compared_by_the_time_of_the_same_answer() {
    let mut h = page(DESKTOP, "qwen3-32b", "Time to answer");
    click_role(&mut h, Role::Button, "Compare with every model");
    until(&mut h, "ranking", |bench| bench.ranking.as_ref().is_some_and(|ranking| !ranking.is_running()));
    assert!(text_on(&h, "never the model against itself"), "{:?}", names(&h));
    let scenario = bench(&mut h).scenario.clone();
    let ranking = bench(&mut h).ranking.as_ref().expect("a ranking");
    let rows: Vec<_> = ranking.rows().map(|(_, row)| row.clone()).collect();
    let best = alternatives(&scenario, &rows, 1).pop().expect("another model runs here");
    assert_ne!(best.row.subject.model.id, "qwen3-32b");
    click_role(&mut h, Role::Button, &best.row.subject.model.name);
    assert_eq!(bench(&mut h).scenario.subject.model.id, best.row.subject.model.id);
    assert_eq!(bench(&mut h).workspace, Workspace::Reason);
    assert_eq!(bench(&mut h).scenario.answer, scenario.answer);
}
