//! Comparisons that mean nothing are found.

use super::*;

fn levels() -> FactorLevels {
    let rates = ["0.01", "0.1"].map(crate::experiment::Level::parse).to_vec();
    FactorLevels::from([("lr".to_owned(), rates)])
}

fn found(source: &str) -> Option<(usize, String)> {
    find(&[("t", source)], &levels()).map(|(_, line, message, _)| (line, message))
}

#[test]
fn a_comparison_of_a_result_is_found_wherever_it_flows() {
    for compared in [
        "{% if cell(\"t\", \"mean\", lr=0.1) > 5 %}{% endif %}",
        "{% if 5 <= least(\"t\", \"mean\") %}{% endif %}",
        "{% if (score(\"m\", \"mean\")) == 1 %}{% endif %}",
        "{{ 1 if x and most(\"t\", \"m\") in [1] }}",
        "{% if cell(1) %}{% endif %}",
        "{% if not cell(1) %}{% endif %}",
        "{{ cell(1) or 2 }}",
        "{{ cell(1) is number }}",
        "{{ 5 is gt(cell(1)) }}",
        "{{ 1 < cell(1) < 3 }}",
        "{{ x | replace(cell(1), cell(2) > 3) }}",
        "{{ [cell(1)] | select(\"gt\", 1000) | list }}",
        "{{ [{\"v\": cell(1)}] | sort(attribute=\"v\") | list }}",
        "{{ [{\"v\": cell(1)}] | groupby(\"v\") | list }}",
        "{% for x in [cell(1)] %}{% if x > 1 %}{% endif %}{% endfor %}",
        "{% for x in [cell(1)] if x %}{% endfor %}",
        "{% set a, x = 1, cell(1) %}{% if x > 1 %}{% endif %}",
        "{% with x = cell(1) %}{% if x > 1 %}{% endif %}{% endwith %}",
        "{% set x %}{{ cell(1) }}{% endset %}{% if x == \"5\" %}{% endif %}",
        "{% macro big(x) %}{% if x > 1 %}big{% endif %}{% endmacro %}{{ big(cell(1)) }}",
        "{% macro m(y) %}{{ y }}{% endmacro %}{% if m(cell(1)) == \"5\" %}{% endif %}",
        "{% macro m() %}{{ cell(1) }}{% endmacro %}{% if m() == \"5\" %}{% endif %}",
        "{% set ns = namespace(x=0) %}{% set ns.x = cell(1) %}{% if ns.x > 1 %}{% endif %}",
        "{% set d = {\"a\": cell(1)} %}{% if d.a > 1 %}{% endif %}",
        "{% set x = cell(1) | string %}{% if x > 1 %}{% endif %}",
    ] {
        let line = found(&format!("\n{compared}")).map(|(line, _)| line);
        assert_eq!(line, Some(2), "{compared}");
    }
    for (word, field) in [
        ("{% if claims[0].verdict == \"suported\" %}{% endif %}", "verdict"),
        ("{{ \"suported\" != one.findings[0].outcome }}", "outcome"),
        (
            "{% for one in claims if one.verdict in [\"supported\", \"suported\"] %}{% endfor %}",
            "verdict",
        ),
        ("{% set v = claim(\"c\") %}{% if v == \"suported\" %}{% endif %}", "verdict"),
        ("{% for one in claims %}{{ one.verdict is in [\"suported\"] }}{% endfor %}", "verdict"),
        ("{{ \"suported\" in (claims | map(attribute=\"verdict\") | unique | list) }}", "verdict"),
        ("{{ claims | selectattr(\"verdict\", \"in\", [\"suported\"]) | list }}", "verdict"),
    ] {
        let message = format!("no `{field}` is `suported`");
        assert_eq!(found(word), Some((1, message)), "{word}");
    }
    for (compared, message) in [
        ("{% if one.levels.lr == \"0.1\" %}{% endif %}", "no level of `lr` is \"0.1\""),
        ("{% if one[\"levels\"][\"lr\"] != 0.2 %}{% endif %}", "no level of `lr` is 0.2"),
        ("{{ rows | rejectattr(\"levels.lr\", \"eq\", 0.2) | list }}", "no level of `lr` is 0.2"),
        ("{{ one.metrics.acc.n > \"3\" }}", "`n` is compared with the text `3`"),
    ] {
        assert_eq!(found(compared), Some((1, message.to_owned())), "{compared}");
    }
    let said =
        |name: &str| format!("`{name}` cannot be compared: it is a result, and not a number");
    let assigned = "{% set best = cell(1) %}\n{{ best }}\n{% if best > 1 %}{% endif %}";
    assert_eq!(found(assigned), Some((3, said("best"))));
    let other = [
        ("a", "{% import \"b\" as b %}{{ b.big(cell(1)) }}"),
        ("b", "\n{% macro big(x) %}{% if x > 1 %}big{% endif %}{% endmacro %}"),
    ];
    let set = [
        ("a", "{% set x = cell(1) %}{% include \"b\" %}"),
        ("b", "\n{% if x > 1 %}big{% endif %}"),
    ];
    assert_eq!(
        find(&set, &levels()).map(|(name, line, ..)| (name, line)),
        Some(("b".to_owned(), 2))
    );
    let found = find(&other, &levels()).map(|(name, line, message, _)| (name, line, message));
    assert_eq!(found, Some(("b".to_owned(), 2, said("x"))));
}

#[test]
fn a_comparison_of_other_values_is_none() {
    for sound in [
        "{% if cell(\"t\", \"mean\").value > 5 %}{% endif %}",
        "{{ cell(\"t\", \"mean\") if n > 5 else \"–\" }}",
        "{{ cell(\"t\", \"mean\", **best) }} > 5",
        "{{ one.cell == 2 }}{{ count(\"t\", \"grade\", \"near\") == 2 }}",
        "{% set best = cell(1).value %}{% if best > 1 %}{% endif %}",
        "{% set best = cell(1) %}{% set best = 2 %}{% if best > 1 %}{% endif %}",
        "{% for x in [cell(1)] %}{{ x }}{% endfor %}{% for x in [1] %}{{ x > 1 }}{% endfor %}",
        "{% macro f(x) %}{% if x > 1 %}{% endif %}{% endmacro %}{{ f(2) }}{{ cell(1) }}",
        "{% if [cell(1)] | length > 1 %}{% endif %}",
        "{% if one.verdict == \"supported\" and one.name == \"suported\" %}{% endif %}",
        "{{ claims | selectattr(\"verdict\", \"eq\", \"supported\") | list | length }}",
        "{% set v = claim(\"c\") %}{% set v = \"x\" %}{% if v == \"suported\" %}{% endif %}",
        "{% if one.levels.lr == 1e-1 and one.levels.other == 5 and one.n > 3 %}{% endif %}",
    ] {
        assert_eq!(found(sound), None, "{sound}");
    }
}
