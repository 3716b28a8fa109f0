#!/usr/bin/env bash
# snakemake 9.27.1 compares a rule's parameters and input files with those of its last run as sorted lists without names. Where two parameters have swapped their
# values, or two inputs their files, as training and test data do, there is "nothing to be done", and what was made of the former stays.
# Guess: what the rule's command is filled with is what the rerun triggers `params` and `input` look at.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages snakemake==9.27.1
echo A >a.csv
echo B >b.csv
# run TRAIN TEST LOW HIGH: what is in the output after a run of a rule with these inputs and parameters.
run() {
    cat >Snakefile <<SMK
rule score:
    input: train="$1", test="$2"
    output: "scores.txt"
    params: low=$3, high=$4
    shell: "echo \$(cat {input.train}) \$(cat {input.test}) {params.low} {params.high} > {output}"
SMK
    snakemake --cores 1 --quiet all >log 2>&1 || cat log >&2
    cat scores.txt
}
expect 'trained on, tested on, low, high' "$(run a.csv b.csv 1 2)" 'A B 1 2'
expect 'with parameters swapped' "$(run a.csv b.csv 2 1)" 'A B 1 2'
expect 'with files swapped' "$(run b.csv a.csv 1 2)" 'A B 1 2'
expect 'with both, and one of another value' "$(run b.csv a.csv 2 3)" 'B A 2 3'
