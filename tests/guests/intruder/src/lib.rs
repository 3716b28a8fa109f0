//! Attempts at what a step may not do. Each function's attempt stands in `wit/world.wit`.

mod files;
mod floods;
mod handles;
mod network;
mod passed;

wit_bindgen::generate!({ path: ["../../../wit", "wit"], world: "test:intruder/intruder", generate_all });

struct Component;
export!(Component);

/// What came of an attempt.
fn told(result: Result<String, String>) -> Told {
    Told { answer: result.map_or_else(|error| format!("refused: {error}"), |seen| format!("ok: {seen}")) }
}

impl Guest for Component {
    fn file_call(input: &Dataset, call: String, at: String, path: String, into: String, to: String) -> Told {
        told(files::call(input, &call, (&at, &path), (&into, &to)))
    }
    fn mounted() -> Told {
        told(Ok(files::mounted()))
    }
    fn leave_behind(input: &Dataset) -> Told {
        told(files::leave_behind(input))
    }
    fn look_around(input: &Dataset) -> Told {
        told(files::look_around(input))
    }
    fn read_path(input: &Dataset, path: String) -> Told {
        let _ = input.path();
        told(std::fs::read_to_string(path).map_err(|error| error.to_string()))
    }
    fn nest(depth: u32) -> Result<OneDataset, String> {
        files::nest(depth)
    }

    fn net_call(call: String, host: String, port: u16) -> Told {
        told(network::call(&call, &host, port))
    }

    fn use_after_drop() -> Told {
        told(handles::use_after_drop())
    }
    fn drop_twice() -> Told {
        told(handles::drop_twice())
    }
    fn return_twice() -> TwoDatasets {
        handles::return_twice()
    }
    fn return_dropped() -> OneDataset {
        handles::return_dropped()
    }
    fn return_lent(input: &Dataset) -> OneDataset {
        handles::return_number(input.handle())
    }
    fn return_forged(handle: u32) -> OneDataset {
        handles::return_number(handle)
    }
    fn try_handles(input: &Dataset, most: u32) -> Told {
        told(handles::try_handles(input, most))
    }
    fn return_other_kind() -> OneModel {
        handles::return_other_kind()
    }
    fn keep_lent(input: &Dataset) -> Told {
        told(handles::keep_lent(input))
    }
    fn write_after_artifact() -> Told {
        told(handles::write_after_artifact())
    }
    fn read_after_descriptor(input: &Dataset) -> Told {
        told(files::read_after_descriptor(input))
    }
    fn drop_mounts(input: &Dataset) -> Told {
        told(files::drop_mounts(input))
    }

    fn log_at(address: u32, length: u32) -> Told {
        told(passed::log(1, address, length))
    }
    fn log_level(level: u32) -> Told {
        told(passed::log(level, 0, 0))
    }
    fn log_bytes(bytes: Vec<u8>) -> Told {
        told(passed::log(1, bytes.as_ptr() as u32, bytes.len() as u32))
    }
    fn read_into(input: &Dataset, address: u32) -> Told {
        told(passed::read_into(input, address))
    }
    fn append_at(address: u32, length: u32) -> Told {
        told(passed::append_at(address, length))
    }
    fn curve_at(address: u32, count: u32) -> Told {
        told(passed::curve_at(address, count))
    }
    fn take_text(text: String) -> Told {
        told(Ok(text.len().to_string()))
    }
    fn take_list(numbers: Vec<u64>) -> Told {
        told(Ok(numbers.len().to_string()))
    }

    fn flood_done(times: u32) -> Told {
        told(floods::done(times))
    }
    fn log_times(times: u32, text: String) -> Told {
        told(floods::log(times, &text))
    }
    fn print_times(times: u32, bytes: u32) -> Told {
        told(floods::print(times, bytes))
    }
    fn keep_handles(count: u32) -> Told {
        told(floods::keep_handles(count))
    }
    fn wait_for_many(count: u32) -> Told {
        told(floods::wait(count))
    }
    fn open_many(count: u32) -> Told {
        told(files::open_many(count))
    }
    fn random_bytes(length: u64) -> Told {
        told(Ok(wasip2::random::random::get_random_bytes(length).len().to_string()))
    }
    fn count_to(number: u64) -> Told {
        told(floods::count(number))
    }
    fn ask_times(input: &Dataset, times: u32) -> Told {
        told(floods::ask(input, times))
    }
    fn set_properties(count: u32) -> Told {
        told(floods::set_properties(count))
    }
    fn descend(depth: u32) -> Told {
        told(Ok(floods::descend(depth).to_string()))
    }
    fn name_output(name: String) -> Result<OneDataset, String> {
        handles::name_output(&name)
    }
    fn say(text: String) -> Result<Told, String> {
        weft::component::run::log(weft::component::run::Level::Warn, &text);
        println!("{text}");
        Err(text)
    }
}
