//! Pictures of a pipeline's DAG: DOT and SVG.
