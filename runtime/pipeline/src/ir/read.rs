//! Reads KFP's format into the model.
