//! Both styles against lines that were written by hand: those marked with "published" are examples of the APA Style
//! pages and of the IEEE Reference Guide, without the months of journals.

use super::line::plain;
use super::{BibliographyError, Cited, Library, Style};

const FILE: &str = r#"
@string{apa = "American Psychological Association"}

@article{lecun98,
  author = {LeCun, Yann and Bottou, L{\'e}on and Yoshua Bengio and Haffner, Patrick},
  title = {Gradient-based learning applied to document recognition},
  journal = {Proceedings of the {IEEE}}, volume = 86, number = {11}, pages = {2278--2324}, year = 1998,
  doi = {https://doi.org/10.1109/5.726791},
}
@article{grady,
  author = {Grady, J. S. and Her, M. and Moreno, G. and Perez, C. and Yelinek, J.},
  title = {Emotions in storybooks: A comparison of storybooks that represent ethnic and racial groups in the United States},
  journaltitle = {Psychology of Popular Media Culture}, volume = {8}, number = {3}, pages = {207-217}, date = {2019},
  doi = {10.1037/ppm0000185},
}
@book{jackson, author = {Jackson, L. M.}, title = {The psychology of prejudice}, edition = 2, publisher = apa,
  subtitle = {From attitudes to social action}, year = {2019}, doi = {10.1037/0000168-000}}
@incollection{aron, author = {Aron, L. and Botella, M. and Lubart, T.},
  title = {Culinary arts: Talent and their development},
  editor = {R. F. Subotnik and P. Olszewski-Kubilius and F. C. Worrell},
  booktitle = {The psychology of high performance: Developing human potential into domain-specific talent},
  pages = {345--359}, publisher = apa, year = 2019, doi = {10.1037/0000120-016}}
@book{klaus, author = {Klaus, B. and Horn, P.}, title = {Robot Vision}, address = {Cambridge, MA, USA},
  publisher = {MIT Press}, year = 1986}
@inproceedings{kingma, author = {Kingma, Diederik P. and Ba, Jimmy}, title = {Adam: A Method for Stochastic Optimization},
  crossref = {iclr}, url = {https://example.org/a--b_c}}
@proceedings{iclr, title = {International Conference on Learning Representations}, year = {2015}}
@misc{vdm, author = {Laurens van der Maaten and others}, title = {What is $n^2$?}, year = {in press},
  eprint = {1412.6980}, archiveprefix = {arXiv}}
@techreport{corp, author = {{Google Brain} and {Open~Lab}}, title = {A \emph{new} Report}, institution = {ACME},
  number = {12}, year = 2001}
@phdthesis{thesis, author = {Ohm, Jr., J{\"o}rg}, title = {Deep Work}, school = {University of X}}
"#;

fn library() -> Library {
    read(FILE).unwrap()
}

fn read(text: &str) -> Result<Library, BibliographyError> {
    Library::read(&[("references.bib".to_owned(), text)])
}

/// The lines of these works.
fn lines(style: Style, keys: &[&str]) -> Vec<String> {
    let library = library();
    let cited = Cited::new(style, &library, keys);
    cited.entries().iter().map(|entry| plain(&entry.line)).collect()
}

#[test]
fn lines_with_numbers_are_as_ieee_writes_them() {
    let keys = ["lecun98", "klaus", "kingma", "vdm", "corp", "thesis", "aron"];
    assert_eq!(
        lines(Style::Numbers, &keys),
        [
            "Y. LeCun, L. Bottou, Y. Bengio, and P. Haffner, “Gradient-based learning applied to document \
             recognition,” *Proceedings of the IEEE*, vol. 86, no. 11, pp. 2278–2324, 1998, doi: \
             [10.1109/5.726791](https://doi.org/10.1109/5.726791).",
            // Published.
            "B. Klaus and P. Horn, *Robot Vision*. Cambridge, MA, USA: MIT Press, 1986.",
            "D. P. Kingma and J. Ba, “Adam: A Method for Stochastic Optimization,” in *International Conference on \
             Learning Representations*, 2015. [Online]. Available: <https://example.org/a--b_c>",
            "L. van der Maaten et al., “What is $n^2$?” in press, [arXiv:1412.6980](https://arxiv.org/abs/1412.6980).",
            "Google Brain and Open Lab, “A new Report,” ACME, Technical report 12, 2001.",
            "J. Ohm Jr., “Deep Work,” PhD thesis, University of X, n.d.",
            "L. Aron, M. Botella, and T. Lubart, “Culinary arts: Talent and their development,” in *The psychology of \
             high performance: Developing human potential into domain-specific talent*, R. F. Subotnik, P. \
             Olszewski-Kubilius, and F. C. Worrell, Eds., American Psychological Association, 2019, pp. 345–359, doi: \
             [10.1037/0000120-016](https://doi.org/10.1037/0000120-016).",
        ]
    );
}

#[test]
fn lines_with_years_are_as_apa_writes_them_in_the_order_of_authors() {
    let keys = ["thesis", "grady", "jackson", "aron", "kingma", "vdm", "corp", "lecun98"];
    let doi = |doi: &str| format!("<https://doi.org/{doi}>");
    assert_eq!(
        lines(Style::AuthorYear, &keys),
        [
            // Published.
            format!(
                "Aron, L., Botella, M., & Lubart, T. (2019). Culinary arts: Talent and their development. In R. F. \
                 Subotnik, P. Olszewski-Kubilius, & F. C. Worrell (Eds.), *The psychology of high performance: \
                 Developing human potential into domain-specific talent* (pp. 345–359). American Psychological \
                 Association. {}",
                doi("10.1037/0000120-016")
            ),
            "Google Brain, & Open Lab. (2001). *A new Report* (Technical report 12). ACME.".to_owned(),
            // Published.
            format!(
                "Grady, J. S., Her, M., Moreno, G., Perez, C., & Yelinek, J. (2019). Emotions in storybooks: A \
                 comparison of storybooks that represent ethnic and racial groups in the United States. *Psychology \
                 of Popular Media Culture*, *8*(3), 207–217. {}",
                doi("10.1037/ppm0000185")
            ),
            // Published.
            format!(
                "Jackson, L. M. (2019). *The psychology of prejudice: From attitudes to social action* (2nd ed.). \
                 American Psychological Association. {}",
                doi("10.1037/0000168-000")
            ),
            "Kingma, D. P., & Ba, J. (2015). Adam: A Method for Stochastic Optimization. In *International Conference \
             on Learning Representations*. <https://example.org/a--b_c>"
                .to_owned(),
            format!(
                "LeCun, Y., Bottou, L., Bengio, Y., & Haffner, P. (1998). Gradient-based learning applied to document \
                 recognition. *Proceedings of the IEEE*, *86*(11), 2278–2324. {}",
                doi("10.1109/5.726791")
            ),
            "Ohm, J., Jr. (n.d.). *Deep Work* [PhD thesis, University of X].".to_owned(),
            "van der Maaten, L., et al. (in press). *What is $n^2$?* [arXiv:1412.6980](https://arxiv.org/abs/1412.6980)"
                .to_owned(),
        ]
    );
}

#[test]
fn labels_are_numbers_in_the_order_of_citations_or_authors_with_years() {
    let library = library();
    let keys = ["lecun98", "kingma", "corp", "thesis", "kingma", "unknown"];
    let numbers = Cited::new(Style::Numbers, &library, &keys);
    assert_eq!(numbers.entries().len(), 4);
    assert_eq!(numbers.in_brackets("corp", false), "3");
    assert_eq!(numbers.in_sentence("kingma"), "Kingma and Ba");
    let years = Cited::new(Style::AuthorYear, &library, &keys);
    assert_eq!(years.in_brackets("lecun98", false), "LeCun et al., 1998");
    assert_eq!(years.in_brackets("kingma", false), "Kingma & Ba, 2015");
    assert_eq!(years.in_brackets("kingma", true), "2015");
    assert_eq!(years.in_brackets("thesis", false), "Ohm, n.d.");
}

#[test]
fn works_with_one_label_get_letters_in_the_order_of_their_titles() {
    let one = |key: &str, title: &str| {
        format!(
            "@misc{{{key}, author = {{A. Öl and B and C}}, title = {{{title}}}, year = 2020}}\n"
        )
    };
    let text = [one("z", "First"), one("a", "Second"), one("m", "Among")].concat();
    let other = "@misc{o, author = {Ol, A. and D and E}, title = {A}, year = 2020}\n\
                 @misc{p, author = {Oz, A.}, title = {A}, year = 2020}";
    let library = read(&format!("{text}{other}")).unwrap();
    let cited = Cited::new(Style::AuthorYear, &library, &["z", "p", "a", "m", "o"]);
    let label = |key: &str| cited.in_brackets(key, false);
    assert_eq!(["m", "z", "a"].map(label), ["a", "b", "c"].map(|l| format!("Öl et al., 2020{l}")));
    assert_eq!([label("o"), label("p")], ["Ol et al., 2020", "Oz, 2020"]);
    let order: Vec<_> = cited.entries().into_iter().map(|entry| entry.key).collect();
    assert_eq!(order, ["m", "z", "a", "o", "p"], "an umlaut is near its letter");
}

#[test]
fn what_a_work_lacks_is_said_with_its_line() {
    let library = library();
    let flaws = |key: &str| library.flaws(key).collect::<Vec<_>>();
    assert_eq!(flaws("lecun98"), Vec::<String>::new());
    assert_eq!(flaws("thesis"), ["references.bib:32: `thesis` has no year"]);
    assert_eq!(flaws("vdm"), ["references.bib:28: `vdm` shows LaTeX as it is: `$n^2$`"]);
    let library = read("@article{x, url = {javascript:alert(1)}}").unwrap();
    let flaws: Vec<_> = library.flaws("x").collect();
    assert_eq!(flaws.len(), 5, "{flaws:?}");
    let cited = Cited::new(Style::Numbers, &library, &["x"]);
    assert_eq!(plain(&cited.entries()[0].line), "“,” n.d.");
}

#[test]
fn a_file_with_mistakes_is_refused_with_its_line() {
    let deep = format!("@misc{{a, title = {{{}{}}}}}", "{".repeat(60), "}".repeat(60));
    let tower =
        |n: usize| format!("@string{{s{n} = {}}}", vec![format!("s{}", n + 1); 10].join(" # "));
    let bomb = (0..15).map(tower).collect::<Vec<_>>().join("\n");
    let bomb = format!("{bomb}\n@string{{s15 = \"x\"}}\n@misc{{a, title = s0}}");
    for (text, line, why) in [
        ("@misc{a, title = {x},\n", 2, "is never closed"),
        ("\n@misc{a,\n  title {x}}", 3, "expected equals, in the entry that begins at line 2"),
        ("@misc{a, title = {x}}\n\n@book{a, title = {y}}", 3, "two entries have the key `a`"),
        ("@misc{a, journal = jmlr}", 1, "no `@string` defines `jmlr`"),
        ("@string{a = b}\n@string{b = a}\n@misc{x, title = a}", 1, "stand for themselves"),
        ("@misc{a, crossref = {b}}\n@misc{b, crossref = {a}}", 1, "takes its fields from itself"),
        ("\n@misc{a, crossref = {b}}", 2, "from `b`, which is no entry"),
        ("@misc{, title = {x}}", 1, "an entry has no key"),
        ("@misc{a, title = {costs 5 $ more}}", 1, "never closed"),
        ("someone@example.org wrote this", 1, "not valid"),
        (&deep, 1, "nested more than 50 deep"),
        (&bomb, 1, "more than 16 MB"),
    ] {
        let error = read(text).expect_err(text);
        assert!(error.message.contains(why), "{text}: {error:?}");
        assert_eq!(error.location.line, line, "{text}: {error:?}");
    }
    assert_eq!(read("no entry at all").unwrap().keys().count(), 0);
    let twice = ["a.bib", "b.bib"].map(|file| (file.to_owned(), "@misc{k, title = {x}}"));
    let error = Library::read(&twice).unwrap_err();
    assert_eq!(error.message, "the key `k` is also that of a.bib:1");
}

#[test]
fn no_text_breaks_the_reader() {
    // A generator of bad files: each prefix of the file, and the file with each special character in the middle.
    for end in FILE.char_indices().map(|(at, _)| at).step_by(7) {
        let _ = read(&FILE[..end]);
    }
    for c in ["{", "}", "\"", "\\", "$", "@", "#", "%", ",", "=", "\u{0}", "é", "\\'", "\\v"] {
        for at in FILE.char_indices().map(|(at, _)| at).step_by(13) {
            let _ = read(&format!("{}{c}{}", &FILE[..at], &FILE[at..]));
        }
    }
}
