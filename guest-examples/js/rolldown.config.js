// The runtime's interfaces are no files: they are there when the component runs.
export default { external: /^weft:/ };
