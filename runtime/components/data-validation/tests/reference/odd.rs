//! Twenty tables that a seed makes, each of two spans: of every type, with gaps, ties and drift, and with what numbers, words and names can look
//! like where data is real. TFDV's answers for them are in `tests/data/odd`.

use data_validation::proto::feature::{DomainInfo, PresenceConstraints};
use data_validation::proto::histogram_selection::Type as Histograms;
use data_validation::proto::{
    DistributionConstraints, FeatureComparator, FeaturePresence, FeatureType, FloatDomain, HistogramSelection,
    InfinityNorm, IntDomain, JensenShannonDivergence, NormalizedAbsoluteDifference, Schema, UniqueConstraints,
};

/// How many tables there are.
pub const TABLES: usize = 20;

/// Two spans of a table, as CSV.
pub struct Odd {
    /// What its files are called.
    pub name: String,
    /// The table, and the same later.
    pub spans: [String; 2],
}

/// The tables, the same at every call.
pub fn tables() -> impl Iterator<Item = Odd> {
    (0..TABLES).map(|number| {
        let table = Table::new(number);
        Odd { name: format!("{number:02}"), spans: [0, 1].map(|span| table.csv(span)) }
    })
}

/// A generator of numbers that is the same everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // The first ones of similar seeds are similar.
        (0..8).for_each(|_| _ = random.next());
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::try_from(self.below(items.len() as u64)).unwrap()]
    }
}

/// What cells of a column are: `cell` tells.
const SORTS: [&str; 48] = [
    "small",
    "wide",
    "beyond-2^53",
    "limits",
    "too-big",
    "signs",
    "zeros",
    "minus-zero",
    "exponents",
    "overflow",
    "subnormal",
    "mixed",
    "late-float",
    "late-word",
    "eighths",
    "thirds",
    "heavy",
    "halves",
    "one-int",
    "one-float",
    "one-word",
    "nothing",
    "single",
    "nan",
    "infinite",
    "only-nan",
    "only-inf",
    "words",
    "unicode",
    "quoted",
    "long",
    "lower-truth",
    "upper-truth",
    "title-truth",
    "only-true",
    "bits",
    "yes",
    "ids",
    "many",
    "hundred",
    "null-words",
    "blanks",
    "hex",
    "dates",
    "int-to-word",
    "int-to-float",
    "float-to-int",
    "controls",
];

/// Names of columns, each behind its number.
const NAMES: [&str; 10] =
    ["plain", "with space", "dot.ted", "größe", "it's", "(round)", "\"said\"", "com,ma", "back\\slash", "東京"];

const ROWS: [u64; 12] = [1, 3, 10, 40, 97, 101, 250, 333, 999, 1000, 1001, 1700];

struct Column {
    name: String,
    sort: &'static str,
    /// Of twenty cells how many are missing.
    gaps: u64,
    /// Whether each span has it.
    there: [bool; 2],
}

struct Table {
    number: u64,
    columns: Vec<Column>,
    rows: [u64; 2],
}

impl Table {
    fn new(number: usize) -> Self {
        let seed = number as u64;
        let mut random = Random::new(seed);
        // By turns, so that each sort is in at least two of the tables.
        let width = |number: usize| 2 + number % 9;
        let before: usize = (0..number).map(width).sum();
        let sorts = (0..width(number)).map(|n| SORTS[(before + n) * 7 % SORTS.len()]);
        let columns = sorts.enumerate().map(|(n, sort)| Column {
            name: format!("{n} {}", random.of(&NAMES)),
            sort,
            gaps: random.of(&[0, 0, 1, 7]),
            // The first is in both, so that no table is without columns.
            there: random.of(&[[true, true], [true, true], [true, true], [n == 0, true], [true, n == 0]]),
        });
        let columns = columns.collect();
        let mut some = || random.of(&ROWS);
        Self { number: seed, columns, rows: [some(), some()] }
    }

    fn csv(&self, span: u64) -> String {
        let mut random = Random::new(1000 + 2 * self.number + span);
        let at = usize::from(span > 0);
        let mut columns: Vec<&Column> = self.columns.iter().filter(|column| column.there[at]).collect();
        if span == 1 && self.number.is_multiple_of(3) {
            columns.reverse();
        }
        let mut text = line(columns.iter().map(|column| quote(&column.name, false)));
        let rows = self.rows[at];
        for row in 0..rows {
            text += &line(columns.iter().map(|column| {
                let cell = cell(column.sort, row, rows, span, &mut random);
                let gap = random.below(20) < column.gaps;
                // A cell may be quoted without need, an empty one as well.
                let needless = column.sort == "quoted" && random.below(2) == 0;
                quote(if gap { "" } else { &cell }, needless)
            }));
        }
        text
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    let line = cells.collect::<Vec<_>>().join(",");
    // An empty line would be no row.
    if line.is_empty() { "\"\"\n".to_owned() } else { line + "\n" }
}

fn quote(cell: &str, needless: bool) -> String {
    if needless || cell.contains([',', '"']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}

/// A cell of a column of that sort; `span` is 0 or 1, and figures move with it.
#[allow(clippy::too_many_lines, reason = "some lines for each sort")]
fn cell(sort: &str, row: u64, rows: u64, span: u64, random: &mut Random) -> String {
    let k = random.below(1000);
    let small = k as f64 + span as f64 * 37.0;
    let signed = i64::try_from(k).unwrap() - 500;
    let last = row + 1 == rows;
    match sort {
        "small" => (signed % 40 + 3 * i64::try_from(span).unwrap()).to_string(),
        "wide" => (signed * 5_000_000_011).to_string(),
        "beyond-2^53" => (9_007_199_254_740_993 + k).to_string(),
        // The largest integer of 64 bits is a double of 65, which TFDV 1.21 takes for the smallest when it compares it with a domain.
        "limits" => random.of(&["9223372036854774784", "-9223372036854775808", "0", "-1"]).to_owned(),
        "too-big" => {
            if last {
                "9223372036854775808".to_owned()
            } else {
                k.to_string()
            }
        }
        "signs" => random.of(&["+5", " 7", "8 ", "1_000", "007", "-3", "  12  "]).to_owned(),
        "zeros" => random.of(&["0", "-0", "+0", "00"]).to_owned(),
        "minus-zero" => random.of(&["-0.0", "0.0", "-0.", ".0", "1.5", "-1.5"]).to_owned(),
        "exponents" => random.of(&["1e30", "-2.5E+38", "1e-30", "3E0", "5.", "6e3"]).to_owned(),
        "overflow" => random.of(&["1e39", "-1e400", "3.4028236e38", "1e10"]).to_owned(),
        "subnormal" => random.of(&["1e-40", "1.4e-45", "1e-46", "-3e-39"]).to_owned(),
        "mixed" => {
            if k.is_multiple_of(3) {
                format!("{k}.25")
            } else {
                k.to_string()
            }
        }
        "late-float" => {
            if last {
                "0.5".to_owned()
            } else {
                k.to_string()
            }
        }
        "late-word" => {
            if last {
                "n/a".to_owned()
            } else {
                format!("{small:.1}")
            }
        }
        "eighths" => format!("{}", small / 8.0),
        "thirds" => format!("{:.7}", (small - 400.0) / 3.0),
        "heavy" => format!("{:.4}", (small / 100.0).exp()),
        // As many of the one as of the other.
        "halves" => if row.is_multiple_of(2) { "1.5" } else { "4.5" }.to_owned(),
        "one-int" => "42".to_owned(),
        "one-float" => "0.1".to_owned(),
        "one-word" => "same".to_owned(),
        "single" => {
            if row == rows / 2 {
                "7.25".to_owned()
            } else {
                String::new()
            }
        }
        "nan" => {
            if k < 100 {
                random.of(&["nan", "NaN", "-nan"]).to_owned()
            } else {
                format!("{}", small / 4.0)
            }
        }
        "infinite" => {
            if k < 100 {
                random.of(&["inf", "-Infinity", "+INF"]).to_owned()
            } else {
                format!("{small}")
            }
        }
        "only-nan" => "nan".to_owned(),
        "only-inf" => "inf".to_owned(),
        // More of some than of others, and of others later.
        "words" => {
            ["red", "green", "blue", "Blue", "cyan"][usize::try_from((k * k + span * k) % 5).unwrap()].to_owned()
        }
        "unicode" => {
            random.of(&["é", "e\u{301}", "東京", "ß", "ẞ", "\u{202e}rtl", "Ω", "😀", "\u{feff}bom"]).to_owned()
        }
        "quoted" => random.of(&["a,b", "say \"x\"", "'", "plain", ",", "\"\""]).to_owned(),
        "long" => random.of(&["long ", "word", "ü"]).repeat(usize::try_from(40 + k % 3 * 30).unwrap()),
        "lower-truth" => if k < 300 + 200 * span { "true" } else { "false" }.to_owned(),
        "upper-truth" => if k < 300 { "TRUE" } else { "FALSE" }.to_owned(),
        "title-truth" => if k < 300 { "True" } else { "False" }.to_owned(),
        "only-true" => if span == 1 && k < 50 { "false" } else { "true" }.to_owned(),
        "bits" => if span == 1 && k < 50 { 2 } else { k % 2 }.to_string(),
        "yes" => random.of(&["yes", "no", "y", "n"]).to_owned(),
        "ids" => format!("id-{:05}", row * 7919 % 100_003),
        "many" => format!("w{}", k * k % 1009 + span * 100),
        "hundred" => format!("v{}", row % (100 + span)),
        "null-words" => random.of(&["NA", "null", "None", "1", "-"]).to_owned(),
        "blanks" => random.of(&[" ", "  ", "\t", "x"]).to_owned(),
        "hex" => random.of(&["0x10", "1e5", "1,000", "1 000", "٣", "½"]).to_owned(),
        "dates" => format!("2024-{:02}-{:02}", 1 + k % 12, 1 + k % 28),
        "int-to-word" => {
            if span == 1 {
                format!("n{}", k % 9)
            } else {
                (k % 9).to_string()
            }
        }
        "int-to-float" => {
            if span == 1 {
                format!("{small}.5")
            } else {
                k.to_string()
            }
        }
        "float-to-int" => {
            if span == 1 {
                k.to_string()
            } else {
                format!("{small}.5")
            }
        }
        "controls" => random.of(&["a\tb", "back\\slash", "\u{1}", "\u{7f}", "\u{85}", "a\u{2028}b", "it's"]).to_owned(),
        // Of the sort `nothing`.
        _ => String::new(),
    }
}

/// The schema of a table with checks that inferred schemas do not have: distances, bounds, presence and how many values are distinct.
pub fn with_checks(number: usize, mut schema: Schema) -> Schema {
    let mut random = Random::new(2000 + number as u64);
    for feature in &mut schema.feature {
        feature.drift_comparator = Some(comparator(feature.r#type(), &mut random));
        feature.skew_comparator = Some(comparator(feature.r#type(), &mut random));
        if random.below(3) == 0 {
            let presence = FeaturePresence {
                min_fraction: Some(random.of(&[0.5, 0.9, 1.0])),
                min_count: Some(random.of(&[1, 50])),
            };
            feature.presence_constraints = Some(PresenceConstraints::Presence(presence));
        }
        match (feature.r#type(), &feature.domain_info) {
            (FeatureType::Bytes, Some(DomainInfo::Domain(_))) => {
                let min_domain_mass = Some(random.of(&[0.2, 0.9, 1.0]));
                feature.distribution_constraints = Some(DistributionConstraints { min_domain_mass });
            }
            (FeatureType::Int, None) => {
                let domain = IntDomain {
                    min: Some(random.of(&[-5, 100])),
                    max: Some(random.of(&[200, 900])),
                    ..IntDomain::default()
                };
                feature.domain_info = Some(DomainInfo::IntDomain(domain));
            }
            (FeatureType::Float, None) => {
                feature.domain_info = Some(DomainInfo::FloatDomain(FloatDomain {
                    min: Some(random.of(&[0.1, 3.3])),
                    max: Some(random.of(&[2.75, 99.9])),
                    disallow_nan: Some(random.below(2) == 0),
                    disallow_inf: Some(random.below(2) == 0),
                    ..FloatDomain::default()
                }));
            }
            _ => {}
        }
        if feature.r#type() != FeatureType::Float && random.below(4) == 0 {
            feature.unique_constraints = Some(UniqueConstraints { min: Some(2), max: Some(random.of(&[3, 300])) });
        }
    }
    schema
}

fn comparator(of: FeatureType, random: &mut Random) -> FeatureComparator {
    let threshold = Some(random.of(&[0.0, 0.01, 0.5]));
    let source = (random.below(4) == 0).then(|| HistogramSelection { r#type: Some(Histograms::Quantiles.into()) });
    FeatureComparator {
        infinity_norm: (of == FeatureType::Bytes).then_some(InfinityNorm { threshold }),
        jensen_shannon_divergence: Some(JensenShannonDivergence { threshold, source }),
        normalized_abs_difference: (of == FeatureType::Bytes && random.below(2) == 0)
            .then_some(NormalizedAbsoluteDifference { threshold }),
    }
}
