//! The kernels and the tabular job as a native program: `kernels KERNEL SIZE SEED` prints the checksum and the seconds that it took,
//! `kernels table ROWS FILE` writes a table, `kernels job FILE` does the whole job on it and prints the accuracy and the seconds, `kernels digest FILE`
//! prints a file's BLAKE3.

mod kernels;

use std::time::Instant;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).cloned().unwrap_or_default();
    let number = |at: usize| argument(at).parse().unwrap_or(0);
    match argument(0).as_str() {
        "table" => std::fs::write(argument(2), kernels::write_table(number(1), 1)).expect("the table can be written"),
        "job" => {
            let started = Instant::now();
            let text = std::fs::read_to_string(argument(1)).expect("the table can be read");
            let (train, test) = kernels::job::split(&text);
            let weights = kernels::job::fit(&train);
            let accuracy = kernels::job::accuracy(&test, &weights);
            println!("{accuracy} {}", started.elapsed().as_secs_f64());
        }
        "digest" => {
            let mut hasher = blake3::Hasher::new();
            let file = std::fs::File::open(argument(1)).expect("the file can be opened");
            hasher.update_reader(file).expect("the file can be read");
            println!("{}", hasher.finalize());
        }
        kernel => {
            let started = Instant::now();
            let sum = kernels::run(kernel, number(1), number(2) as u64).expect("there is such a kernel");
            println!("{sum} {}", started.elapsed().as_secs_f64());
        }
    }
}
