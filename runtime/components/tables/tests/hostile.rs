//! Compressed tables are read, and damaged ones, or those that are far larger than they look, are errors with their place, in bounded memory.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use tables::csv::Dialect;
use tables::{Reader, Record, Table, Values, tfrecord};

fn gzip(content: &mut dyn Read) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    std::io::copy(content, &mut out).unwrap();
    out.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

/// How many rows there are, or what is wrong.
fn rows(name: &str, content: &[u8]) -> Result<u64, String> {
    let told = |error: tables::Error| error.to_string();
    let mut count = 0;
    match Table::of(name, content).read(Dialect::default(), None).map_err(told)? {
        Reader::Csv(mut reader) => {
            while reader.advance().map_err(told)? {
                count += 1;
            }
        }
        Reader::Rows(mut rows, _) => {
            let mut row = Record::default();
            while rows.advance(&mut row).map_err(told)? {
                count += 1;
            }
        }
    }
    Ok(count)
}

const CSV: &[u8] = b"a,b\n1,2\n3,4\n";
const JSON: &[u8] = b"{\"a\": 1}\n{\"a\": 2}\n";

fn records() -> Vec<u8> {
    let mut file = Vec::new();
    for n in 0..1000_u32 {
        // An integer `a`.
        let text = [10, 12, 10, 10, 10, 1, b'a', 18, 5, 26, 3, 10, 1, u8::try_from(n % 100).unwrap()];
        tfrecord::write(&mut file, &text).unwrap();
    }
    file
}

#[test]
fn compressed_tables_are_read() {
    for (name, content, count) in
        [("t.csv", CSV.to_vec(), 2), ("t.jsonl", JSON.to_vec(), 2), ("t.tfrecord", records(), 1000)]
    {
        assert_eq!(rows(name, &content), Ok(count), "{name}");
        assert_eq!(rows(name, &gzip(&mut content.as_slice())), Ok(count), "{name}.gz");
        assert_eq!(rows(name, &zstd(&content)), Ok(count), "{name}.zst");
    }
    // Members and frames one behind the other are one file.
    let (head, tail) = CSV.split_at(6);
    let members = [gzip(&mut &*head), gzip(&mut &*tail)].concat();
    assert_eq!(rows("t.csv.gz", &members), Ok(2));
    assert_eq!(rows("t.csv.zst", &[zstd(head), zstd(tail)].concat()), Ok(2));
}

#[test]
fn compressed_tables_that_are_cut_off_are_told_with_their_place() {
    let whole = gzip(&mut records().as_slice());
    let told = rows("t.tfrecord.gz", &whole[..whole.len() - 20]).unwrap_err();
    assert!(told.starts_with("t.tfrecord.gz, ") && told.contains("record ") && !told.contains("record 0"), "{told}");
    let told = rows("t.tfrecord.gz", &whole[..whole.len() - 3]).unwrap_err();
    assert!(told.starts_with("t.tfrecord.gz, behind record 1000: it cannot be read on"), "{told}");
    for (packed, name) in [(gzip(&mut &*CSV), "t.csv.gz"), (gzip(&mut &*JSON), "t.jsonl.gz")] {
        let told = rows(name, &packed[..packed.len() - 4]).unwrap_err();
        assert!(told.starts_with(name) && told.ends_with("the file is cut off or damaged, get it anew"), "{told}");
    }
    let long: Vec<u8> = (0..50_000).flat_map(|n| format!("{n},{}\n", n * 7919 % 1009).into_bytes()).collect();
    let packed = zstd(&[b"a,b\n".as_slice(), &long].concat());
    let told = rows("t.csv.zst", &packed[..packed.len() / 2]).unwrap_err();
    assert!(told.starts_with("t.csv.zst") && told.contains("cannot be read"), "{told}");
}

#[test]
fn what_decompresses_to_much_is_refused_where_it_becomes_too_much() {
    // A line of 300 MB in 300 kB, and a record that claims as much.
    let line = gzip(&mut b"a,b\n1,".chain(std::io::repeat(b'x').take(300_000_000)));
    assert!(line.len() < 2_000_000);
    let told = rows("t.csv.gz", &line).unwrap_err();
    assert!(told.starts_with("t.csv.gz, line 2, column `b`: the cell is longer than 131072 characters"), "{told}");
    let line = gzip(&mut b"{\"a\": \"".chain(std::io::repeat(b'x').take(300_000_000)));
    assert_eq!(rows("t.jsonl.gz", &line), Err("t.jsonl.gz, line 1: the line is longer than 16 MiB".to_owned()));
    let mut record = GzEncoder::new(Vec::new(), Compression::fast());
    let length = 300_000_000_u64.to_le_bytes();
    record.write_all(&length).unwrap();
    record.write_all(&tables::crc::masked(&length).to_le_bytes()).unwrap();
    std::io::copy(&mut std::io::repeat(0).take(300_000_000), &mut record).unwrap();
    let told = rows("t.tfrecord.gz", &record.finish().unwrap()).unwrap_err();
    let expected = "t.tfrecord.gz, record 1: it claims 300000000 bytes, and at most 128 MiB are read: ";
    assert!(told.starts_with(expected), "{told}");
}

#[test]
fn tables_that_are_too_wide_are_refused() {
    let wide = vec![b','; 100_000];
    let told = rows("t.csv", &wide).unwrap_err();
    assert!(told.starts_with("t.csv, line 1, cell 10001: the line has more than 10000 cells: "), "{told}");
    let fields: Vec<String> = (0..100_000).map(|n| format!("\"{n}\": {n}")).collect();
    let told = rows("t.jsonl", format!("{{{}}}", fields.join(",")).as_bytes()).unwrap_err();
    assert!(told.starts_with("t.jsonl, line 1: there are more than 10000 columns"), "{told}");
}

#[test]
fn a_file_named_as_another_format_is_told_as_what_it_is_named() {
    let told = rows("t.parquet", b"a,b\n1,2\n").unwrap_err();
    assert!(told.starts_with("t.parquet, the footer: "), "{told}");
    let told = rows("t.tfrecord", b"a,b\n1,2\n3,4\n5,6\n").unwrap_err();
    assert!(told.contains("record 1: the checksum of its length is wrong"), "{told}");
    // What is in a file counts more than its name.
    assert_eq!(rows("t.parquet", &records()), Ok(1000));
    let mut row = Record::default();
    let content = records();
    let Reader::Rows(mut all, _) = Table::of("x", &content).read(Dialect::default(), None).unwrap() else { panic!() };
    all.advance(&mut row).unwrap();
    assert_eq!(row.of("a"), Values::Ints(&[0]));
}
