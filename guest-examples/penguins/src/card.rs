//! What people read of a model.

use crate::model::Softmax;

/// The model's card, as Markdown.
pub fn card(model: &Softmax, accuracy: f64) -> String {
    let columns: Vec<String> = model.columns().map(|column| format!("`{column}`")).collect();
    let list = columns.join(", ");
    format!(
        "# Penguin species\n\n\
         Tells {} from one another.\n\n\
         | | |\n|---|---|\n\
         | Model | multinomial logistic regression (`{}`) |\n\
         | Looks at | {list} |\n\
         | Accuracy on unseen penguins | {:.1} % |\n",
        model.labels.join(", "),
        model.format,
        accuracy * 100.0,
    )
}
