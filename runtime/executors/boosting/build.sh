#!/usr/bin/env bash
# Builds the executor with the scientific Python stack, LightGBM and XGBoost below target/executors, as the other one is built.
exec "$(dirname "${BASH_SOURCE[0]}")/../science/build.sh" boosting
