//! Writes the model in KFP's format.
