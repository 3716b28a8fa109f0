//! Models as ONNX graphs.
//!
//! Each feature is an input of its name with one column: numbers of single precision, NaN where one is missing, or texts. A classifier gives `prediction` and
//! `probability`, a column for each class; a regression gives `prediction`; clusters give `cluster` and `distance`. What is learned stands in
//! `TreeEnsembleRegressor` (or `TreeEnsemble` of ai.onnx.ml 5, where splits are sets of categories) and in `Gemm`.

use onnx_file::{Attribute, FLOAT, Graph, INT64, Model as File, STRING, Tensor, ValueInfo, size};
use prost::Message;

use crate::data::{Feature, FeatureKind, Task};
use crate::encode::{Encoding, Part};
use crate::model::{Body, Centres, Layer, Model, Trees};
use crate::tree::{Child, Question, Tree};

/// What a model gives: a class or a number, ...
pub const PREDICTION: &str = "prediction";
/// ... the probabilities of all classes, ...
pub const PROBABILITY: &str = "probability";
/// ... or a group and the distances to all.
pub const GROUPS: [&str; 2] = ["cluster", "distance"];
/// What stands for a category that was not learned, among places of words.
const UNSEEN: f32 = -1.0;

/// The file of a model. Properties are kept in it as texts.
#[must_use]
pub fn onnx(model: &Model, properties: &[(&str, String)]) -> Vec<u8> {
    let mut graph = Writer::default();
    let mut ml = 1;
    match &model.body {
        Body::Trees { trees, are_shares } => {
            let input = graph.table(&model.schema.features);
            ml = graph.trees(trees, *are_shares, &input);
            graph.answers(model, "sums", *are_shares);
        }
        Body::Layers { encoding, layers } => {
            let input = graph.encoded(&model.schema.features, encoding);
            graph.layers(layers, &input);
            graph.answers(model, "sums", false);
        }
        Body::Centres { encoding, centres } => {
            let input = graph.encoded(&model.schema.features, encoding);
            graph.centres(centres, &input);
        }
    }
    let has_words = model.schema.features.iter().any(|feature| feature.kind != FeatureKind::Numeric);
    if has_words {
        // LabelEncoder from words to numbers came with the second version.
        ml = ml.max(2);
    }
    File::new(graph.graph, 15, ml, properties).encode_to_vec()
}

#[derive(Default)]
struct Writer {
    graph: Graph,
}

impl Writer {
    fn node(&mut self, op: &str, inputs: &[&str], output: &str, attributes: Vec<Attribute>) {
        self.graph.add(op, inputs, output, attributes);
    }

    fn constant(&mut self, name: &str, dims: &[usize], values: &[f32]) {
        self.graph.initializer.push(Tensor::floats(name, dims, values));
    }

    /// Declares the inputs, and gives the name of what each becomes by a prefix that no column's name has.
    fn inputs(&mut self, features: &[Feature]) {
        "model".clone_into(&mut self.graph.name);
        for feature in features {
            let kind = if feature.kind == FeatureKind::Numeric { FLOAT } else { STRING };
            self.graph.input.push(ValueInfo::rows(&feature.name, kind, Some(1)));
        }
    }

    /// All columns beside one another, if there are several.
    fn beside(&mut self, columns: &[String], into: &str) -> String {
        if let [only] = columns {
            return only.clone();
        }
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        self.node("Concat", &names, into, vec![Attribute::int("axis", 1)]);
        into.to_owned()
    }

    /// The features as one table of numbers, words by their places.
    fn table(&mut self, features: &[Feature]) -> String {
        self.inputs(features);
        let mut columns = Vec::new();
        for (n, feature) in features.iter().enumerate() {
            let FeatureKind::Categorical(words) = &feature.kind else {
                columns.push(feature.name.clone());
                continue;
            };
            let place = format!("{}{n}", Self::PLACE);
            #[expect(clippy::cast_precision_loss, reason = "at most a million words")]
            let places = (0..words.len()).map(|place| place as f32).collect();
            let attributes = vec![
                Attribute::texts("keys_strings", words),
                Attribute::floats("values_floats", places),
                Attribute::float("default_float", UNSEEN),
            ];
            self.node("LabelEncoder", &[&feature.name], &place, attributes);
            columns.push(place);
        }
        self.beside(&columns, "weft/table")
    }

    const PLACE: &str = "weft/place/";

    /// The features as inputs of layers.
    fn encoded(&mut self, features: &[Feature], encoding: &Encoding) -> String {
        self.inputs(features);
        // Runs of numbers are imputed and scaled together.
        let mut columns = Vec::new();
        let mut run: Vec<(&str, f32, f32)> = Vec::new();
        for (n, (feature, part)) in features.iter().zip(&encoding.parts).enumerate() {
            match (part, &feature.kind) {
                (Part::Number { offset, scale }, _) => run.push((&feature.name, *offset, *scale)),
                (Part::Words(_), FeatureKind::Categorical(words)) => {
                    self.numbers(&mut run, &mut columns);
                    let (hot, flat) = (format!("weft/hot/{n}"), format!("weft/flat/{n}"));
                    let attributes = vec![Attribute::texts("cats_strings", words), Attribute::int("zeros", 1)];
                    self.node("OneHotEncoder", &[&feature.name], &hot, attributes);
                    self.node("Flatten", &[&hot], &flat, vec![Attribute::int("axis", 1)]);
                    columns.push(flat);
                }
                (Part::Words(_), FeatureKind::Numeric) => {}
            }
        }
        self.numbers(&mut run, &mut columns);
        self.beside(&columns, "weft/inputs")
    }

    fn numbers(&mut self, run: &mut Vec<(&str, f32, f32)>, columns: &mut Vec<String>) {
        if run.is_empty() {
            return;
        }
        let n = columns.len();
        let names: Vec<String> = run.iter().map(|(name, ..)| (*name).to_owned()).collect();
        let table = self.beside(&names, &format!("weft/numbers/{n}"));
        let (filled, scaled) = (format!("weft/filled/{n}"), format!("weft/scaled/{n}"));
        let means = run.iter().map(|(_, mean, _)| *mean).collect();
        let attributes =
            vec![Attribute::floats("imputed_value_floats", means), Attribute::float("replaced_value_float", f32::NAN)];
        self.node("Imputer", &[&table], &filled, attributes);
        let offsets = run.iter().map(|(_, offset, _)| *offset).collect();
        let factors = run.iter().map(|(.., scale)| *scale).collect();
        self.node(
            "Scaler",
            &[&filled],
            &scaled,
            vec![Attribute::floats("offset", offsets), Attribute::floats("scale", factors)],
        );
        columns.push(scaled);
        run.clear();
    }

    fn layers(&mut self, layers: &[Layer], input: &str) {
        let mut input = input.to_owned();
        for (n, layer) in layers.iter().enumerate() {
            let (weights, biases) = (format!("weft/weights/{n}"), format!("weft/biases/{n}"));
            self.constant(&weights, &[layer.inputs, layer.outputs], &layer.weights);
            self.constant(&biases, &[layer.outputs], &layer.biases);
            let is_last = n + 1 == layers.len();
            let output = if is_last { "sums".to_owned() } else { format!("weft/layer/{n}") };
            let output = Self::own(&output);
            self.node("Gemm", &[&input, &weights, &biases], &output, Vec::new());
            input.clone_from(&output);
            if !is_last {
                let positive = format!("weft/positive/{n}");
                self.node("Relu", &[&output], &positive, Vec::new());
                input = positive;
            }
        }
    }

    /// A name that no column has.
    fn own(name: &str) -> String {
        if name.starts_with("weft/") { name.to_owned() } else { format!("weft/{name}") }
    }

    fn centres(&mut self, centres: &Centres, input: &str) {
        let count = centres.values.len() / centres.width.max(1);
        // Differences to each centre, rather than products: what is near must not drown in rounding.
        self.constant("weft/centres", &[1, count, centres.width], &centres.values);
        self.graph.initializer.push(Tensor::ints("weft/axis", &[1], &[1]));
        self.node("Unsqueeze", &[input, "weft/axis"], "weft/rows", Vec::new());
        self.node("Sub", &["weft/rows", "weft/centres"], "weft/differences", Vec::new());
        let attributes = vec![Attribute::ints("axes", vec![2]), Attribute::int("keepdims", 0)];
        self.node("ReduceL2", &["weft/differences"], GROUPS[1], attributes);
        self.node("ArgMin", &[GROUPS[1]], GROUPS[0], vec![Attribute::int("axis", 1), Attribute::int("keepdims", 0)]);
        self.graph.output.push(ValueInfo::rows(GROUPS[0], INT64, None));
        self.graph.output.push(ValueInfo::rows(GROUPS[1], FLOAT, Some(count)));
    }

    /// What a model gives, of its sums.
    fn answers(&mut self, model: &Model, sums: &str, are_shares: bool) {
        let sums = Self::own(sums);
        if model.schema.task == Task::Regression {
            self.node("Identity", &[&sums], PREDICTION, Vec::new());
            self.graph.output.push(ValueInfo::rows(PREDICTION, FLOAT, Some(1)));
            return;
        }
        // A classifier that adds nothing: it knows the classes by name, and turns scores into probabilities.
        let classes = &model.schema.classes;
        let (coefficients, intercepts) = if classes.len() == 2 {
            (vec![-1.0, 1.0], vec![if are_shares { 1.0 } else { 0.0 }, 0.0])
        } else {
            let one = |at: usize| if at.is_multiple_of(classes.len() + 1) { 1.0 } else { 0.0 };
            ((0..classes.len() * classes.len()).map(one).collect(), vec![0.0; classes.len()])
        };
        let transform = match (are_shares, classes.len()) {
            (true, _) => "NONE",
            (false, 2) => "LOGISTIC",
            (false, _) => "SOFTMAX",
        };
        let (labels, kind) = if model.schema.classes_are_integers {
            let numbers = classes.iter().map(|class| class.parse().unwrap_or_default()).collect();
            (Attribute::ints("classlabels_ints", numbers), INT64)
        } else {
            (Attribute::texts("classlabels_strings", classes), STRING)
        };
        let attributes = vec![
            labels,
            Attribute::floats("coefficients", coefficients),
            Attribute::floats("intercepts", intercepts),
            Attribute::int("multi_class", 0),
            Attribute::text("post_transform", transform),
        ];
        self.node("LinearClassifier", &[&sums], PREDICTION, attributes);
        if let Some(node) = self.graph.node.last_mut() {
            node.output.push(PROBABILITY.to_owned());
        }
        self.graph.output.push(ValueInfo::rows(PREDICTION, kind, None));
        self.graph.output.push(ValueInfo::rows(PROBABILITY, FLOAT, Some(classes.len())));
    }

    /// The sums of trees. Tells which version of the operators they need.
    fn trees(&mut self, trees: &Trees, are_shares: bool, input: &str) -> i64 {
        let asking: Vec<(usize, &Tree)> =
            trees.trees.iter().enumerate().filter(|(_, tree)| !tree.nodes.is_empty()).collect();
        let has_sets = asking
            .iter()
            .flat_map(|(_, tree)| &tree.nodes)
            .any(|node| matches!(&node.question, Question::OneOf { codes, .. } if codes.len() != 1));
        let outputs_of = |tree: usize| trees.outputs_of(tree, are_shares);
        let (op, attributes, version) = if has_sets {
            ("TreeEnsemble", ensemble(&asking, trees.outputs, outputs_of), 5)
        } else {
            ("TreeEnsembleRegressor", regressor(&asking, trees.outputs, outputs_of), 1)
        };
        if asking.is_empty() {
            // A table of zeros has the rows of the input.
            let zeros = vec![0.0; trees.outputs];
            self.constant("weft/nothing", &[1, trees.outputs], &zeros);
            self.node("Shape", &[input], "weft/shape", Vec::new());
            let first = Tensor::ints("weft/first-axis", &[1], &[0]);
            let width = Tensor::ints("weft/width", &[1], &[size(trees.outputs)]);
            self.graph.initializer.extend([first, width]);
            self.node("Gather", &["weft/shape", "weft/first-axis"], "weft/count", vec![Attribute::int("axis", 0)]);
            self.node("Concat", &["weft/count", "weft/width"], "weft/target", vec![Attribute::int("axis", 0)]);
            self.node("Expand", &["weft/nothing", "weft/target"], "weft/trees", Vec::new());
        } else {
            self.node(op, &[input], "weft/trees", attributes);
        }
        self.constant("weft/base", &[1, trees.outputs], &trees.base);
        self.node("Add", &["weft/trees", "weft/base"], "weft/sums", Vec::new());
        if asking.is_empty() { 1 } else { version }
    }
}

/// The number of a category's place as trees compare it.
#[expect(clippy::cast_precision_loss, reason = "at most a million words")]
fn place(code: u32) -> f32 {
    code as f32
}

/// Attributes of `TreeEnsembleRegressor`: nodes before leaves, by tree.
fn regressor(
    trees: &[(usize, &Tree)],
    outputs: usize,
    outputs_of: impl Fn(usize) -> std::ops::Range<usize>,
) -> Vec<Attribute> {
    let (mut ids, mut tree_ids, mut features, mut modes, mut values) = (vec![], vec![], vec![], vec![], vec![]);
    let (mut lefts, mut rights, mut missing) = (vec![], vec![], vec![]);
    let (mut of_tree, mut of_node, mut of_output, mut weights) = (vec![], vec![], vec![], vec![]);
    for (n, (tree_at, tree)) in trees.iter().enumerate() {
        let width = outputs_of(*tree_at).len();
        let nodes = size(tree.nodes.len());
        let id = |child: Child| match child {
            Child::Node(node) => i64::from(node),
            Child::Leaf(leaf) => nodes + i64::from(leaf),
        };
        for (node_at, node) in tree.nodes.iter().enumerate() {
            tree_ids.push(size(n));
            ids.push(size(node_at));
            features.push(i64::from(node.feature));
            lefts.push(id(node.left));
            rights.push(id(node.right));
            let (mode, value, left) = match &node.question {
                Question::AtMost { value, missing_left, .. } => ("BRANCH_LEQ", *value, *missing_left),
                Question::OneOf { codes, .. } => {
                    ("BRANCH_EQ", codes.first().map_or(UNSEEN - 1.0, |code| place(*code)), false)
                }
            };
            modes.push(mode);
            values.push(value);
            missing.push(i64::from(left));
        }
        for leaf in 0..tree.leaves.len() / width {
            tree_ids.push(size(n));
            ids.push(nodes + size(leaf));
            features.push(0);
            lefts.push(0);
            rights.push(0);
            modes.push("LEAF");
            values.push(0.0);
            missing.push(0);
            for (output, weight) in outputs_of(*tree_at).zip(&tree.leaves[leaf * width..]) {
                of_tree.push(size(n));
                of_node.push(nodes + size(leaf));
                of_output.push(size(output));
                weights.push(*weight);
            }
        }
    }
    vec![
        Attribute::text("aggregate_function", "SUM"),
        Attribute::int("n_targets", size(outputs)),
        Attribute::ints("nodes_falsenodeids", rights),
        Attribute::ints("nodes_featureids", features),
        Attribute::ints("nodes_missing_value_tracks_true", missing),
        Attribute::texts("nodes_modes", modes),
        Attribute::ints("nodes_nodeids", ids),
        Attribute::ints("nodes_treeids", tree_ids),
        Attribute::ints("nodes_truenodeids", lefts),
        Attribute::floats("nodes_values", values),
        Attribute::text("post_transform", "NONE"),
        Attribute::ints("target_ids", of_output),
        Attribute::ints("target_nodeids", of_node),
        Attribute::ints("target_treeids", of_tree),
        Attribute::floats("target_weights", weights),
    ]
}

/// Attributes of `TreeEnsemble`, which knows sets. A leaf answers for one output, so that a forest of several becomes a forest for each.
fn ensemble(
    trees: &[(usize, &Tree)],
    outputs: usize,
    outputs_of: impl Fn(usize) -> std::ops::Range<usize>,
) -> Vec<Attribute> {
    const AT_MOST: u8 = 0;
    const MEMBER: u8 = 6;
    let (mut roots, mut features, mut modes, mut splits) = (vec![], vec![], vec![], vec![]);
    let (mut lefts, mut left_leaves, mut rights, mut right_leaves) = (vec![], vec![], vec![], vec![]);
    let (mut missing, mut members, mut of_output, mut weights) = (vec![], vec![], vec![], vec![]);
    for (tree_at, tree) in trees {
        let width = outputs_of(*tree_at).len();
        for (n, output) in outputs_of(*tree_at).enumerate() {
            let (first, first_leaf) = (size(modes.len()), size(weights.len()));
            roots.push(first);
            let id = |child: Child| match child {
                Child::Node(node) => (first + i64::from(node), 0),
                Child::Leaf(leaf) => (first_leaf + i64::from(leaf), 1),
            };
            for node in &tree.nodes {
                features.push(i64::from(node.feature));
                let ((left, is_leaf), (right, right_is_leaf)) = (id(node.left), id(node.right));
                lefts.push(left);
                left_leaves.push(is_leaf);
                rights.push(right);
                right_leaves.push(right_is_leaf);
                match &node.question {
                    Question::AtMost { value, missing_left, .. } => {
                        modes.push(AT_MOST);
                        splits.push(*value);
                        missing.push(i64::from(*missing_left));
                    }
                    Question::OneOf { codes, .. } => {
                        modes.push(MEMBER);
                        splits.push(0.0);
                        missing.push(0);
                        members.extend(codes.iter().map(|code| place(*code)));
                        members.push(f32::NAN);
                    }
                }
            }
            for leaf in tree.leaves.chunks(width) {
                of_output.push(size(output));
                weights.push(leaf[n]);
            }
        }
    }
    let floats = |name: &str, values: &[f32]| Attribute::tensor(name, Tensor::floats(name, &[values.len()], values));
    vec![
        Attribute::int("aggregate_function", 1),
        Attribute::ints("leaf_targetids", of_output),
        floats("leaf_weights", &weights),
        floats("membership_values", &members),
        Attribute::int("n_targets", size(outputs)),
        Attribute::ints("nodes_falseleafs", right_leaves),
        Attribute::ints("nodes_falsenodeids", rights),
        Attribute::ints("nodes_featureids", features),
        Attribute::ints("nodes_missing_value_tracks_true", missing),
        Attribute::tensor("nodes_modes", Tensor::bytes("nodes_modes", modes)),
        floats("nodes_splits", &splits),
        Attribute::ints("nodes_trueleafs", left_leaves),
        Attribute::ints("nodes_truenodeids", lefts),
        Attribute::int("post_transform", 0),
        Attribute::ints("tree_roots", roots),
    ]
}
