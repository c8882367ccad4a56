//! Tests the positions of the texts in whole figures.

use std::collections::BTreeSet;

use super::{
    ConfusionMatrix, CurveSeries, FigureError, LayerBox, Marks, ModelDiagram, ScaledAxis,
    ScatterSeries, SeedDot, SeedRow, SeriesStyle, ValueAxis, Width, confusion, diagram, font,
    learning_curves, scatter, seeds,
};

const WIDTHS: [Width; 2] = [Width::Wide, Width::Narrow];

const LONG: &str = "a fully connected branch with one layer, as in Section 4.2 of the paper";

/// A text and the pixels that it covers: left, top, right and bottom.
#[derive(Debug)]
struct Text {
    content: String,
    bounds: [f32; 4],
}

fn attribute(tag: &str, name: &str) -> Option<f32> {
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    after.split('"').next()?.parse().ok()
}

fn texts(svg: &str) -> Vec<Text> {
    let read = |text: &str| {
        let (tag, content) = text.split_once('>').unwrap();
        let tag = format!(" {tag}");
        let content = content.split("</text>").next().unwrap().trim().to_owned();
        let [x, y, size] = ["x", "y", "font-size"].map(|name| attribute(&tag, name).unwrap());
        let width = 1.1 * size * font::width(&content);
        let start = match () {
            () if tag.contains("\"middle\"") => -width / 2.0,
            () if tag.contains("\"end\"") => -width,
            () => 0.0,
        };
        let (end, half) = (start + width, 0.5 * size);
        // Turned texts read upwards.
        let bounds = match tag.contains("rotate(270") {
            true => [x - half, y - end, x + half, y - start],
            false => [x + start, y - half, x + end, y + half],
        };
        Text { content, bounds }
    };
    svg.split("<text").skip(1).map(read).filter(|text| !text.content.is_empty()).collect()
}

#[track_caller]
fn assert_readable(svg: &str) {
    let (head, _) = svg.split_once('>').unwrap();
    let [width, height] = ["width", "height"].map(|name| attribute(head, name).unwrap());
    let texts = texts(svg);
    for (index, Text { content, bounds: [left, top, right, bottom] }) in texts.iter().enumerate() {
        let is_inside = *left >= 0.0 && *top >= 0.0 && *right <= width && *bottom <= height;
        assert!(is_inside, "`{content}` leaves the drawing");
        for other in &texts[..index] {
            let [other_left, other_top, other_right, other_bottom] = other.bounds;
            let beside = *right <= other_left || other_right <= *left;
            let above = *bottom <= other_top || other_bottom <= *top;
            assert!(beside || above, "`{content}` covers `{}`", other.content);
        }
    }
}

fn percent() -> ScaledAxis {
    ScaledAxis { axis: ValueAxis::percent(), is_log: false }
}

fn curve(label: String, end: f64, epochs: usize) -> CurveSeries {
    let mean = |epoch: usize| end - 20.0 / (epoch + 1) as f64;
    CurveSeries {
        label,
        style: SeriesStyle::numbered(0),
        points: (0..epochs).map(|epoch| (mean(epoch), 1.5)).collect(),
    }
}

pub(super) fn row(label: String) -> SeedRow {
    let dots = [80.0, 82.5].map(|value| SeedDot { value, title: format!("{value}") });
    SeedRow {
        label,
        dots: dots.to_vec(),
        mean: Some(81.25),
        interval: Some([78.0, 84.5]),
        expected: Some([77.5, 83.0]),
        published: Some(79.0),
    }
}

fn model(title: String, layer: &str, n_layers: usize) -> ModelDiagram {
    let label = layer.to_owned();
    let layer = LayerBox { label, output: "1024×1024×512".to_owned(), parameters: 1, depth: 0 };
    ModelDiagram {
        joined: "20".to_owned(),
        title,
        input: "14×14×1".to_owned(),
        branch: vec![layer.clone(); n_layers],
        head: vec![layer; 3],
        subtitle: "49,337 parameters per branch, 98,695 in all".to_owned(),
        has_auxiliary_loss: true,
    }
}

#[test]
fn kind_6_any_number_of_curves_is_readable_or_refused() {
    let drawn = |n: usize, label: &dyn Fn(usize) -> String, spread: f64, width: Width| {
        let curves: Vec<_> =
            (0..n).map(|i| curve(label(i), 99.0 - spread * i as f64, 25)).collect();
        learning_curves(&curves, &percent(), width)
    };
    for n in 0..=60 {
        for label in [
            &(|i| format!("deep {i}")) as &dyn Fn(usize) -> String,
            &|i| format!("{LONG} {i}"),
            &|i| format!("{i} {LONG} and {LONG}"),
            &|i| format!("{}{i}", "m".repeat(100)),
        ] {
            for (spread, width) in
                [(0.0, Width::Wide), (0.1, Width::Wide), (1.0, Width::Wide), (0.1, Width::Narrow)]
            {
                match drawn(n, label, spread, width) {
                    Ok(svg) => {
                        assert_readable(&svg);
                        let labels: BTreeSet<_> =
                            texts(&svg).into_iter().map(|t| t.content).collect();
                        assert!(labels.len() >= n, "a label for each curve");
                    }
                    Err(error) => {
                        assert!(matches!(error, FigureError::TooMany { most: 24, .. }), "{error}");
                        assert!(n > 24);
                    }
                }
            }
        }
    }
}

#[test]
fn kind_6_epochs_of_a_short_run_are_counted_once() {
    for (epochs, width) in
        [1, 2, 3, 7, 25, 1000].iter().flat_map(|n| WIDTHS.map(|width| (*n, width)))
    {
        let curve = curve("deep".to_owned(), 90.0, epochs);
        let svg = learning_curves(&[curve], &percent(), width).unwrap();
        let texts = texts(&svg);
        // The epochs come first, all at one height.
        let on_axis = texts.iter().filter(|text| text.bounds[1] == texts[0].bounds[1]);
        let ticks: Vec<f64> = on_axis.filter_map(|text| text.content.parse().ok()).collect();
        assert_eq!(ticks[0], 1.0);
        assert!(ticks.iter().all(|tick| tick.fract() == 0.0 && *tick <= epochs as f64));
        assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]), "{ticks:?}");
        assert_readable(&svg);
    }
}

#[test]
fn kind_6_long_titles_that_differ_at_their_end_are_told_apart_in_every_figure() {
    let titles = [format!("{LONG} with sharing {LONG}"), format!("{LONG} without sharing {LONG}")];
    let curves = titles.clone().map(|title| curve(title, 90.0, 5));
    let models = titles.clone().map(|title| model(title, "ReLU", 2));
    let rows = titles.map(row);
    for svg in WIDTHS.into_iter().flat_map(|width| {
        [
            learning_curves(&curves, &percent(), width).unwrap(),
            seeds(&rows, &ValueAxis::percent(), Marks::Dots, width).unwrap(),
            diagram(&models, width).unwrap(),
        ]
    }) {
        assert_readable(&svg);
        for word in ["with", "without"] {
            let has = |text: &Text| text.content.split(' ').any(|part| part == word);
            assert!(texts(&svg).iter().any(has), "{word}");
        }
    }
}

#[test]
fn kind_6_any_number_of_rows_is_readable_or_refused() {
    for n in [0, 1, 2, 12, 60, 1000] {
        let rows: Vec<_> = (0..n).map(|i| row(format!("{LONG} {i} {LONG}"))).collect();
        for width in WIDTHS {
            assert_readable(&seeds(&rows, &ValueAxis::percent(), Marks::Dots, width).unwrap());
        }
    }
    let rows: Vec<_> = (0..1001).map(|i| row(i.to_string())).collect();
    assert!(matches!(
        seeds(&rows, &ValueAxis::percent(), Marks::Dots, Width::Wide),
        Err(FigureError::TooMany { .. })
    ));
}

#[test]
fn bars_begin_at_0_and_are_readable_with_and_without_dots() {
    let axis = ValueAxis { label: "loss, nats".to_owned(), is_percent: false };
    let loss = |label: &str, mean: f64| SeedRow {
        dots: vec![SeedDot { value: 1.1 * mean, title: "a run".to_owned() }],
        mean: Some(mean),
        interval: Some([0.9 * mean, 1.2 * mean]),
        ..row(label.to_owned())
    };
    let rows = [loss("small", 0.25), loss(LONG, 0.5), loss("negative", -0.125)];
    let rows = rows.map(|row| SeedRow { published: None, ..row });
    for (width, marks) in
        WIDTHS.iter().flat_map(|w| [Marks::Bars, Marks::BarsAndDots].map(|m| (*w, m)))
    {
        let svg = seeds(&rows, &axis, marks, width).unwrap();
        assert_readable(&svg);
        assert!(texts(&svg).iter().any(|text| text.content == "0.0"), "the axis has 0");
        assert_eq!(svg.contains("<circle"), marks == Marks::BarsAndDots);
        assert_eq!(svg.contains("one run"), marks == Marks::BarsAndDots);
        // The widths of the bars are as the means, and one begins where the other ends: at 0.
        let bars = svg.split("<rect").filter(|rect| rect.contains("#56B4E9"));
        let ends = bars.map(|rect| {
            let [x, width] = ["x", "width"].map(|name| attribute(rect, name).unwrap());
            (x, x + width)
        });
        // The sign of the legend comes last.
        let ends: Vec<_> = ends.take(3).collect();
        let [small, large, negative] = ends[..] else { panic!("{ends:?}") };
        assert!(
            (small.0 - large.0).abs() <= 1.0 && (negative.1 - small.0).abs() <= 1.0,
            "{ends:?}"
        );
        let lengths = ends.iter().map(|(from, to)| to - from).collect::<Vec<_>>();
        assert!((lengths[1] / lengths[0] - 2.0).abs() < 0.05, "{lengths:?}");
        assert!((lengths[0] / lengths[2] - 2.0).abs() < 0.08, "{lengths:?}");
    }
    let percent = seeds(&[row("deep".to_owned())], &ValueAxis::percent(), Marks::Bars, Width::Wide);
    assert!(texts(&percent.unwrap()).iter().any(|text| text.content == "0"));
}

#[test]
fn any_number_of_series_of_a_scatter_figure_is_readable_or_refused() {
    let axis = |label: &str| ValueAxis { label: label.to_owned(), is_percent: false };
    for (n, is_log, width) in [0, 1, 6, 24]
        .iter()
        .flat_map(|n| [false, true].map(|is_log| (*n, is_log)))
        .flat_map(|(n, is_log)| WIDTHS.map(|width| (n, is_log, width)))
    {
        let series = (0..n).map(|index| ScatterSeries {
            label: format!("{index} {LONG}"),
            style: SeriesStyle::numbered(index),
            // Only a few series can be told apart by their marks.
            dots: if n <= 6 { vec![(0.5, 0.1), (20.0, 0.4)] } else { Vec::new() },
            line: vec![(0.001, 0.25, 0.05), (0.1, 0.5, 0.1), (10.0, 0.125, 0.01)],
        });
        let series: Vec<_> = series.collect();
        let x_axis = ScaledAxis { axis: axis("learning rate"), is_log };
        let svg = scatter(&series, &x_axis, &axis("loss, nats"), width).unwrap();
        assert_readable(&svg);
        assert_eq!(texts(&svg).iter().any(|text| text.content == "0.01"), is_log && n > 0);
    }
    let many = vec![
        ScatterSeries {
            label: "one".to_owned(),
            style: SeriesStyle::numbered(0),
            dots: Vec::new(),
            line: Vec::new(),
        };
        25
    ];
    let x_axis = ScaledAxis { axis: axis("x"), is_log: false };
    let refused = scatter(&many, &x_axis, &axis("y"), Width::Wide);
    assert!(matches!(refused, Err(FigureError::TooMany { most: 24, .. })));
    let marks: Vec<_> = many[..7]
        .iter()
        .map(|one| ScatterSeries { dots: vec![(1.0, 1.0)], ..one.clone() })
        .collect();
    let refused = scatter(&marks, &x_axis, &axis("y"), Width::Wide);
    assert!(matches!(refused, Err(FigureError::TooMany { most: 6, .. })));
}

#[test]
fn a_figure_without_published_values_says_nothing_of_them() {
    let ours = SeedRow { published: None, ..row("deep".to_owned()) };
    let drawn =
        |rows: &[SeedRow]| seeds(rows, &ValueAxis::percent(), Marks::Dots, Width::Wide).unwrap();
    assert!(!drawn(std::slice::from_ref(&ours)).contains("published"));
    assert!(drawn(&[ours, row("wide".to_owned())]).contains("published"));
}

#[test]
fn losses_on_a_logarithmic_axis_keep_their_band_and_refuse_zero() {
    let axis = ValueAxis { label: "loss".to_owned(), is_percent: false };
    let axis = ScaledAxis { axis, is_log: true };
    let points = vec![(1.0, 0.5), (0.1, 0.2), (0.001, 0.0005)];
    let losses = |points| CurveSeries { points, ..curve("deep".to_owned(), 0.0, 1) };
    for width in WIDTHS {
        let svg = learning_curves(&[losses(points.clone())], &axis, width).unwrap();
        assert_readable(&svg);
        let texts: Vec<_> = texts(&svg).into_iter().map(|text| text.content).collect();
        for tick in ["0.001", "0.01", "0.1", "1"] {
            assert!(texts.contains(&tick.to_owned()), "{texts:?}");
        }
    }
    let refused = learning_curves(&[losses(vec![(0.0, 0.1)])], &axis, Width::Wide);
    assert!(matches!(refused, Err(FigureError::NotPositive(_))));
}

#[test]
fn a_confusion_matrix_of_2_to_30_classes_is_readable_in_both_widths() {
    let of = |n: usize, name: &dyn Fn(usize) -> String| ConfusionMatrix {
        classes: (0..n).map(name).collect(),
        shares: (0..n)
            .map(|i| (0..n).map(|j| Some(f64::from(u8::from(i == j)))).collect())
            .collect(),
    };
    for n in 2..=30 {
        for name in
            [&(|i: usize| i.to_string()) as &dyn Fn(usize) -> String, &|i| format!("{LONG} {i}")]
        {
            for width in WIDTHS {
                let svg = confusion(&of(n, name), width).unwrap();
                assert_readable(&svg);
                // A cell with its share has a filled rectangle and a frame.
                assert!(svg.matches("<rect").count() >= n * n, "{n}");
            }
        }
    }
    let svg = confusion(&of(2, &|i| ["no", "yes"][i].to_owned()), Width::Wide).unwrap();
    assert_eq!(svg.matches("100").count(), 2);
    let many = confusion(&of(31, &|i| i.to_string()), Width::Wide);
    assert!(matches!(many, Err(FigureError::TooMany { most: 30, .. })));
}

#[test]
fn networks_with_one_list_of_layers_have_no_head_and_no_digits() {
    let of = |n: usize| {
        let one = model(format!("network {n}"), "conv 3×3, 16, pad 1", n);
        let layers = one.branch.into_iter().enumerate();
        let branch = layers.map(|(depth, layer)| LayerBox { depth, ..layer }).collect();
        ModelDiagram { branch, head: Vec::new(), has_auxiliary_loss: false, ..one }
    };
    for (models, width) in [1, 2, 5].iter().flat_map(|n| WIDTHS.map(|width| (*n, width))) {
        let models: Vec<_> = (1..=models).map(of).collect();
        let svg = diagram(&models, width).unwrap();
        assert_readable(&svg);
        let texts: Vec<_> = texts(&svg).into_iter().map(|text| text.content).collect();
        assert_eq!(texts.iter().filter(|text| *text == "example").count(), models.len());
        assert!(!texts.iter().any(|t| t.contains("digit") || t.contains("loss")), "{texts:?}");
    }
    let pair = diagram(&[model("deep".to_owned(), "ReLU", 1)], Width::Wide).unwrap();
    assert!(pair.contains("image a, and image b") && pair.contains("a ≤ b: main loss"));
}

#[test]
fn kind_6_any_number_of_models_and_layers_is_readable_or_refused() {
    let conv = "conv 5×5, 128, stride 3, pad 14";
    for (n, layers) in [(0, 0), (1, 1), (3, 12), (4, 3), (60, 2), (2, 300)] {
        let title = |i: usize| {
            if i.is_multiple_of(2) { format!("deep {i}") } else { format!("{LONG} {i}") }
        };
        let models: Vec<_> = (0..n).map(|i| model(title(i), conv, layers)).collect();
        for width in WIDTHS {
            assert_readable(&diagram(&models, width).unwrap());
        }
        // Heads that differ are drawn below each model.
        let heads = models.into_iter().enumerate().map(|(i, one)| {
            let head = vec![one.branch[0].clone(); 1 + i % 2];
            ModelDiagram { head, ..one }
        });
        assert_readable(&diagram(&heads.collect::<Vec<_>>(), Width::Wide).unwrap());
    }
    let many: Vec<_> = (0..61).map(|i| model(i.to_string(), "ReLU", 1)).collect();
    assert!(matches!(diagram(&many, Width::Wide), Err(FigureError::TooMany { most: 60, .. })));
    let deep = [model("deep".to_owned(), "ReLU", 501)];
    assert!(matches!(diagram(&deep, Width::Wide), Err(FigureError::TooMany { most: 500, .. })));
}
