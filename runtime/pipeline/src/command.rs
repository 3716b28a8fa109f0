//! Commands as KFP's launcher runs them: the files they see, the placeholders in their arguments, the outputs they leave.
