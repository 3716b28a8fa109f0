/* The classifier of polyglot/wit/trainer.wit in C. Nothing is freed where a step ends: its memory is gone with it. */
#include "trainer.h"
#define WEFT_WORLD trainer
#include "weft_guest.h"

#include "logistic.h"
#include "table.h"

WEFT_HANDLE(dataset)
WEFT_HANDLE(model)
WEFT_HANDLE(metrics)

/* One line of a failure's text. */
static char message[1024];

static void progress(unsigned done, unsigned total) {
    weft_component_run_progress(done, total);
}

static void print_numbers(weft_buffer *json, const char *name, const double *numbers, size_t count) {
    weft_print(json, ",\n  \"%s\": [", name);
    for (size_t j = 0; j < count; j++) {
        if (j) weft_print(json, ", ");
        weft_print_number(json, numbers[j]);
    }
    weft_print(json, "]");
}

/* The features' names as a JSON array; to be freed. */
static char *feature_names(const table *table, const examples *examples) {
    weft_buffer json = {0};
    weft_print(&json, "[");
    for (size_t j = 0; j < examples->features; j++) {
        const char *name = table->names[examples->columns[j]];
        if (j) weft_print(&json, ", ");
        weft_print_json(&json, name, strlen(name));
    }
    weft_print(&json, "]");
    return json.text;
}

static bool write_model(weft_own_model model, const logistic *fitted, const char *features, weft_string *label, weft_string *positive,
                        double accuracy, weft_string *err) {
    weft_buffer json = {0};
    weft_print(&json, "{\n  \"format\": \"weft-logistic-1\",\n  \"label\": ");
    weft_print_json(&json, label->ptr, label->len);
    weft_print(&json, ",\n  \"positive\": ");
    weft_print_json(&json, positive->ptr, positive->len);
    weft_print(&json, ",\n  \"features\": %s", features);
    print_numbers(&json, "mean", fitted->mean, fitted->features);
    print_numbers(&json, "deviation", fitted->deviation, fitted->features);
    print_numbers(&json, "weights", fitted->weights, fitted->features + 1);
    weft_print(&json, "\n}\n");
    bool written = weft_model_append(model, json.text, json.length, err);
    free(json.text);
    return written && weft_model_set(model, "label", weft_text(*label), err) &&
           weft_model_set(model, "positive", weft_text(*positive), err) && weft_model_set(model, "features", weft_list(features), err) &&
           weft_model_set(model, "accuracy", weft_double(accuracy), err);
}

static bool log_metric(weft_own_metrics metrics, const char *name, double value, weft_string *err) {
    weft_string named = weft_str(name);
    weft_error error;
    if (weft_component_artifacts_method_metrics_log(weft_component_artifacts_borrow_metrics(metrics), &named, value, &error)) return true;
    return weft_refused(err, &error);
}

static bool train(const table *table, weft_string *label, weft_string *positive, double learning_rate, uint32_t epochs,
                  trainer_trained_t *ret, weft_string *err) {
    char *label_text = strndup((char *)label->ptr, label->len), *positive_text = strndup((char *)positive->ptr, positive->len);
    examples examples;
    logistic fitted;
    double log_loss;
    if (!examples_select(table, label_text, positive_text, &examples, message, sizeof message) ||
        !logistic_fit(&examples, learning_rate, epochs, progress, &fitted, message, sizeof message))
        return weft_fail(err, "%s", message);
    logistic_examine(&fitted, &examples, &ret->accuracy, &log_loss);
    weft_log_info("learned from %zu rows; %zu have missing values", examples.rows, examples.skipped);

    ret->model = weft_component_artifacts_constructor_model();
    ret->metrics = weft_component_artifacts_constructor_metrics();
    ret->weights = (trainer_list_f64_t){fitted.weights, fitted.features + 1};
    return write_model(ret->model, &fitted, feature_names(table, &examples), label, positive, ret->accuracy, err) &&
           log_metric(ret->metrics, "accuracy", ret->accuracy, err) && log_metric(ret->metrics, "log-loss", log_loss, err) &&
           log_metric(ret->metrics, "rows", examples.rows, err) && log_metric(ret->metrics, "rows-skipped", examples.skipped, err);
}

bool exports_trainer_train(weft_borrow_dataset data, weft_string *label, weft_string *positive, double learning_rate, uint32_t epochs,
                           trainer_trained_t *ret, weft_string *err) {
    WEFT_BORROWED(dataset, data);
    if (!(learning_rate > 0.0 && isfinite(learning_rate)))
        return weft_fail(err, "the learning rate must be more than 0, not %g", learning_rate);
    if (epochs == 0) return weft_fail(err, "epochs must be at least 1");
    char *text;
    size_t length;
    table table;
    if (!weft_dataset_read(data, &text, &length, err)) return false;
    if (!weft_is_utf8(text, length)) return weft_fail(err, "the table is not UTF-8 text");
    if (!table_parse(text, length, &table, message, sizeof message)) return weft_fail(err, "%s", message);
    return train(&table, label, positive, learning_rate, epochs, ret, err);
}
