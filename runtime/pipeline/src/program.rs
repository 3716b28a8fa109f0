//! Who runs a container: the Python runner, the shell runner, or a component that its image names.
