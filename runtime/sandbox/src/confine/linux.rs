//! Landlock and seccomp.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, NetPort, PathBeneath, PathFd, Ruleset,
    RulesetAttr as _, RulesetCreatedAttr as _, RulesetStatus, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};

use super::{Confinement, SecondWall};

/// The rights that are asked for, where the kernel knows them. From the second version on files can be moved between directories, as the
/// store does; a kernel with the first one is not asked.
const KNOWN: ABI = ABI::V6;

/// What looking up names reads of the system: its settings, and the libraries that do it.
const FOR_NAMES: [&str; 8] =
    ["/etc", "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/run/systemd/resolve", "/run/nscd", "/run/resolvconf"];

/// Finds out what this kernel has, on a thread that ends.
pub(super) fn try_out() -> SecondWall {
    let tried = std::thread::Builder::new().name("weft-try".to_owned()).spawn(|| {
        let nothing = Confinement::default();
        (landlock(&nothing), seccomp(&nothing))
    });
    let (files, calls) = match tried.map(std::thread::JoinHandle::join) {
        Ok(Ok(found)) => found,
        _ => (Err("no thread could be started to try it".to_owned()), Err("likewise".to_owned())),
    };
    let word = |name: &str, found: &Result<(), String>| match found {
        Ok(()) => name.to_owned(),
        Err(why) => format!("no {name} ({why})"),
    };
    let told = format!("{}, {}", word("Landlock", &files), word("seccomp", &calls));
    SecondWall { files: files.is_ok(), calls: calls.is_ok(), told }
}

/// Confines this thread, for as long as it lives.
pub(super) fn confine(confinement: &Confinement) -> Result<(), String> {
    let wall = super::second_wall();
    if wall.files {
        landlock(confinement).map_err(|why| format!("Landlock does not confine the step's thread: {why}"))?;
    }
    if wall.calls {
        seccomp(confinement).map_err(|why| format!("seccomp does not confine the step's thread: {why}"))?;
    }
    Ok(())
}

fn landlock(confinement: &Confinement) -> Result<(), String> {
    let failed = |error: landlock::RulesetError| error.to_string();
    let all = AccessFs::from_all(KNOWN);
    let (read, write) = (AccessFs::from_read(KNOWN) & !AccessFs::Execute, all & !AccessFs::Execute);
    // Moving files is what the store cannot do without.
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V2))
        .map_err(failed)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .map_err(failed)?
        .handle_access(AccessNet::ConnectTcp | AccessNet::BindTcp)
        .map_err(failed)?
        .scope(Scope::from_all(KNOWN))
        .map_err(failed)?;
    let mut rules = ruleset.create().map_err(failed)?;
    let names: &[&str] = if confinement.ports.is_empty() { &[] } else { &FOR_NAMES };
    let paths = confinement.write.iter().map(|path| (path.as_path(), write));
    let paths = paths.chain(confinement.read.iter().map(|path| (path.as_path(), read)));
    for (path, access) in paths.chain(names.iter().map(|path| (Path::new(path), read))) {
        // What is not there is told when it is to be shown to the step.
        let Ok(fd) = PathFd::new(path) else { continue };
        let access = if path.is_dir() { access } else { access & AccessFs::from_file(KNOWN) };
        rules = rules.add_rule(PathBeneath::new(fd, access)).map_err(failed)?;
    }
    for port in &confinement.ports {
        rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp)).map_err(failed)?;
    }
    // The system chooses the port on this side; and a resolver may be asked by TCP.
    if !confinement.ports.is_empty() {
        rules = rules
            .add_rule(NetPort::new(0, AccessNet::BindTcp))
            .and_then(|rules| rules.add_rule(NetPort::new(53, AccessNet::ConnectTcp)))
            .map_err(failed)?;
    }
    match rules.restrict_self().map_err(failed)?.ruleset {
        RulesetStatus::NotEnforced => Err("the kernel has it not, or has it off".to_owned()),
        RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced => Ok(()),
    }
}

fn seccomp(confinement: &Confinement) -> Result<(), String> {
    static FILTERS: OnceLock<Result<[BpfProgram; 3], String>> = OnceLock::new();
    let [denied, absent, sockets] =
        FILTERS.get_or_init(|| Ok([denied()?, absent()?, sockets()?])).as_ref().map_err(Clone::clone)?;
    let apply = |filter: &BpfProgram| seccompiler::apply_filter(filter).map_err(|error| error.to_string());
    if confinement.ports.is_empty() {
        apply(sockets)?;
    }
    apply(denied)?;
    apply(absent)
}

fn filter(calls: BTreeMap<i64, Vec<SeccompRule>>, answer: i32) -> Result<BpfProgram, String> {
    let machine = TargetArch::try_from(std::env::consts::ARCH).map_err(|error| error.to_string())?;
    let answer = SeccompAction::Errno(answer.unsigned_abs());
    SeccompFilter::new(calls, SeccompAction::Allow, answer, machine)
        .and_then(BpfProgram::try_from)
        .map_err(|error| error.to_string())
}

/// Calls that no step needs: they start programs, look into other processes, change what the system is to others, or have
/// much of the kernel behind them.
fn denied() -> Result<BpfProgram, String> {
    let mut calls: BTreeMap<i64, Vec<SeccompRule>> = DENIED.iter().map(|call| (*call, Vec::new())).collect();
    // Another process, rather than a thread of this one.
    let is_process = SeccompCondition::new(
        0,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(u64::from(libc::CLONE_THREAD.unsigned_abs())),
        0,
    );
    let rule = is_process.and_then(|condition| SeccompRule::new(vec![condition])).map_err(|error| error.to_string())?;
    calls.insert(libc::SYS_clone, vec![rule]);
    filter(calls, libc::EPERM)
}

/// `clone3` has its flags in memory, where no filter looks. Told that it is not there, the C library starts threads by `clone`.
fn absent() -> Result<BpfProgram, String> {
    filter(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)
}

/// Sockets, which a step without a grant for the network needs none of.
fn sockets() -> Result<BpfProgram, String> {
    let calls =
        [libc::SYS_socket, libc::SYS_connect, libc::SYS_bind, libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4];
    filter(calls.into_iter().map(|call| (call, Vec::new())).collect(), libc::EACCES)
}

const DENIED: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kcmp,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_iopl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_ioperm,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_setuid,
    libc::SYS_setgid,
    libc::SYS_setreuid,
    libc::SYS_setregid,
    libc::SYS_setresuid,
    libc::SYS_setresgid,
    libc::SYS_setfsuid,
    libc::SYS_setfsgid,
    libc::SYS_setgroups,
    libc::SYS_capset,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_personality,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
];
