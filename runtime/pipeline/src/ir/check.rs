//! The checks of a pipeline that was read from KFP's format.
