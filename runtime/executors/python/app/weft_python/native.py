"""The C halves of `ctypes` and `ssl`, and `fcntl`, which are not here, so that a package that merely imports those can be used.

What can be answered without native code is: sizes and values of C's simple types, locks within the one process. All else says that it
cannot be done.
"""

import errno
import os
import struct
import sys
import types
from typing import NoReturn

REASON = "native code cannot run inside the sandbox"


def install() -> None:
    for made in (ctypes(), ssl(), fcntl()):
        sys.modules[made.__name__] = made
    import ctypes as whole

    # Packages look whether it is there before they reach into the interpreter; PyPy has none either.
    del whole.pythonapi


def module(name: str, **members: object) -> types.ModuleType:
    made = types.ModuleType(name, f"Stands in for {name}, which is not available inside the sandbox.")
    vars(made).update(members)
    for member in members.values():
        if isinstance(member, type):
            member.__module__ = name
    return made


def refuse(what: str, kind: type[Exception] = NotImplementedError) -> object:
    """A function that says that this cannot be done."""

    def refused(*rest: object, **options: object) -> NoReturn:
        raise kind(f"{what} is not available inside the sandbox")

    return refused


class CType(type):
    """The type of C's types."""

    def __mul__(cls, length: int) -> type:
        return CType(f"{cls.__name__}_Array_{length}", (Array,), {"_type_": cls, "_length_": length})

    def from_param(cls, value: object) -> object:
        return value

    def __getattr__(cls, name: str) -> object:
        if name in ("from_buffer", "from_buffer_copy", "from_address", "in_dll"):
            return refuse(f"ctypes ({name})")
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")


class Native(metaclass=CType):
    """Of a type whose values lie in memory that native code shares."""

    def __init__(self, *rest: object, **options: object) -> None:
        refuse("ctypes")()


class Array(Native):
    pass


class Structure(Native):
    pass


class Union(Native):
    pass


class Pointer(Native):
    pass


class Function(metaclass=CType):
    """A foreign function: it can be declared, and not called."""

    def __init__(self, *rest: object) -> None:
        pass

    def __call__(self, *rest: object, **options: object) -> NoReturn:
        raise OSError(errno.ENOTSUP, REASON)


class Simple(metaclass=CType):
    """A simple value, as C would hold it."""

    def __init__(self, value: object = None) -> None:
        self.value = value

    @property
    def value(self) -> object:
        return self.held

    @value.setter
    def value(self, value: object) -> None:
        self.held = held(self._type_, value)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"


def held(code: str, value: object) -> object:
    """What a variable of C holds after this was assigned to it."""
    if code in "bBhHiIlLqQ":
        number = 0 if value is None else value.__index__()
        bits = 8 * struct.calcsize(code)
        number &= (1 << bits) - 1
        return number - (1 << bits) if code.islower() and number >> (bits - 1) else number
    if code in "fd":
        return struct.unpack(code, struct.pack(code, value or 0.0))[0]
    if code == "?":
        return bool(value)
    if code == "c":
        return b"\0" if value is None else bytes(value)
    return value


def sizeof(what: object) -> int:
    kind = what if isinstance(what, type) else type(what)
    if issubclass(kind, Array):
        return kind._length_ * sizeof(kind._type_)
    if issubclass(kind, (Pointer, Function)):
        return struct.calcsize("P")
    if not issubclass(kind, Simple):
        refuse("ctypes")()
    return SIZES.get(kind._type_) or struct.calcsize(kind._type_)


SIZES = {"O": struct.calcsize("P"), "z": struct.calcsize("P"), "Z": struct.calcsize("P"), "P": struct.calcsize("P"), "u": 4, "g": 16}
"""Bytes of what `struct` has no letter for, or another one."""


def dlopen(name: str | None, *rest: object) -> int:
    if name is not None:
        raise OSError(f"{name}: {REASON}")
    return 0


def ctypes() -> types.ModuleType:
    made = module(
        "_ctypes", __version__="1.1.0", Array=Array, Structure=Structure, Union=Union, _Pointer=Pointer, CFuncPtr=Function,
        _SimpleCData=Simple, CField=type("CField", (), {}), ArgumentError=type("ArgumentError", (Exception,), {}), sizeof=sizeof,
        dlopen=dlopen, get_errno=lambda: 0, set_errno=lambda value: 0, RTLD_LOCAL=0, RTLD_GLOBAL=256, SIZEOF_TIME_T=8,
    )  # fmt: skip
    flags = {"FUNCFLAG_CDECL": 1, "FUNCFLAG_PYTHONAPI": 4, "FUNCFLAG_USE_ERRNO": 8, "FUNCFLAG_USE_LASTERROR": 16}
    vars(made).update(flags)
    # Whatever else there is: functions on memory, and addresses of functions.
    made.__getattr__ = lambda name: 0 if name.endswith("_addr") else absent("_ctypes", name)
    made.byref = made.addressof = made.alignment = made.resize = refuse("ctypes")
    made.buffer_info = made.dlsym = made.dlclose = made.call_function = refuse("ctypes")
    return made


def absent(module: str, name: str) -> NoReturn:
    raise AttributeError(f"module {module!r} has no attribute {name!r}")


SSL = {
    "ALERT_DESCRIPTION_": "CLOSE_NOTIFY=0 UNEXPECTED_MESSAGE=10 BAD_RECORD_MAC=20 RECORD_OVERFLOW=22 DECOMPRESSION_FAILURE=30 "
    "HANDSHAKE_FAILURE=40 BAD_CERTIFICATE=42 UNSUPPORTED_CERTIFICATE=43 CERTIFICATE_REVOKED=44 CERTIFICATE_EXPIRED=45 "
    "CERTIFICATE_UNKNOWN=46 ILLEGAL_PARAMETER=47 UNKNOWN_CA=48 ACCESS_DENIED=49 DECODE_ERROR=50 DECRYPT_ERROR=51 "
    "PROTOCOL_VERSION=70 INSUFFICIENT_SECURITY=71 INTERNAL_ERROR=80 USER_CANCELLED=90 NO_RENEGOTIATION=100 "
    "UNSUPPORTED_EXTENSION=110 CERTIFICATE_UNOBTAINABLE=111 UNRECOGNIZED_NAME=112 BAD_CERTIFICATE_STATUS_RESPONSE=113 "
    "BAD_CERTIFICATE_HASH_VALUE=114 UNKNOWN_PSK_IDENTITY=115",
    "CERT_": "NONE=0 OPTIONAL=1 REQUIRED=2",
    "ENCODING_": "PEM=1 DER=2",
    "HAS_": "ALPN=0 ECDH=0 NPN=0 PHA=0 PSK=0 PSK_TLS13=0 SNI=0 SSLv2=0 SSLv3=0 TLS_UNIQUE=0 TLSv1=0 TLSv1_1=0 TLSv1_2=0 TLSv1_3=0",
    "HOSTFLAG_": "ALWAYS_CHECK_SUBJECT=1 NO_WILDCARDS=2 NO_PARTIAL_WILDCARDS=4 MULTI_LABEL_WILDCARDS=8 SINGLE_LABEL_SUBDOMAINS=16 "
    "NEVER_CHECK_SUBJECT=32",
    "OP_": "ALL=0x80000050 NO_SSLv2=0 NO_SSLv3=0x2000000 NO_TLSv1=0x4000000 NO_TLSv1_1=0x10000000 NO_TLSv1_2=0x8000000 "
    "NO_TLSv1_3=0x20000000 CIPHER_SERVER_PREFERENCE=0x400000 SINGLE_DH_USE=0 SINGLE_ECDH_USE=0 NO_TICKET=0x4000 "
    "NO_COMPRESSION=0x20000 ENABLE_MIDDLEBOX_COMPAT=0x100000 NO_RENEGOTIATION=0x40000000 IGNORE_UNEXPECTED_EOF=0x80",
    "PROTOCOL_": "SSLv23=2 TLS=2 TLSv1=3 TLSv1_1=4 TLSv1_2=5 TLS_CLIENT=16 TLS_SERVER=17",
    "PROTO_": "MINIMUM_SUPPORTED=-2 MAXIMUM_SUPPORTED=-1 SSLv3=0x300 TLSv1=0x301 TLSv1_1=0x302 TLSv1_2=0x303 TLSv1_3=0x304",
    "SSL_ERROR_": "SSL=1 WANT_READ=2 WANT_WRITE=3 WANT_X509_LOOKUP=4 SYSCALL=5 ZERO_RETURN=6 WANT_CONNECT=7 EOF=8 "
    "INVALID_ERROR_CODE=10",
    "VERIFY_": "DEFAULT=0 CRL_CHECK_LEAF=4 CRL_CHECK_CHAIN=12 X509_STRICT=0x20 ALLOW_PROXY_CERTS=0x40 X509_TRUSTED_FIRST=0x8000 "
    "X509_PARTIAL_CHAIN=0x80000",
}
"""OpenSSL's constants by their prefix; what it has is nothing."""


def ssl() -> types.ModuleType:
    error = type("SSLError", (OSError,), {"__str__": lambda self: self.strerror if len(self.args) > 1 else OSError.__str__(self)})
    errors = ("SSLZeroReturn", "SSLWantRead", "SSLWantWrite", "SSLSyscall", "SSLEOF")
    kinds = {f"{name}Error": type(f"{name}Error", (error,), {}) for name in errors}
    made = module(
        "_ssl", SSLError=error, **kinds, SSLCertVerificationError=type("SSLCertVerificationError", (error, ValueError), {}),
        _SSLContext=context(refuse("TLS", error)), MemoryBIO=type("MemoryBIO", (), {"__new__": refuse("TLS", error)}),
        SSLSession=type("SSLSession", (), {}), OPENSSL_VERSION="OpenSSL 3.0.0 (not available inside the sandbox)", OPENSSL_VERSION_NUMBER=0x30000000, OPENSSL_VERSION_INFO=(3, 0, 0, 0, 0), _DEFAULT_CIPHERS="",
        _OPENSSL_API_VERSION=(3, 0, 0, 0, 0), err_codes_to_names={}, lib_codes_to_names={}, RAND_status=lambda: True,
        get_sigalgs=lambda: [], RAND_add=lambda *rest: None, RAND_bytes=os.urandom, txt2obj=txt2obj, nid2obj=refuse("TLS", error),
        get_default_verify_paths=lambda: ("SSL_CERT_FILE", "/etc/ssl/cert.pem", "SSL_CERT_DIR", "/etc/ssl/certs"),
    )  # fmt: skip
    for prefix, constants in SSL.items():
        for constant in constants.split():
            name, _, value = constant.partition("=")
            number = int(value, 0)
            setattr(made, prefix + name, bool(number) if prefix == "HAS_" else number)
    return made


def context(refused: object) -> type:
    """A context of TLS: clients make one long before they connect, which is refused."""

    def setting(name: str, first: object) -> property:
        return property(lambda self: vars(self).get(name, first), lambda self, value: vars(self).__setitem__(name, value))

    def made(cls: type, protocol: int, *rest: object, **options: object) -> object:
        self = object.__new__(cls)
        vars(self)["protocol"] = protocol
        client = protocol == 16
        vars(self).update(check_hostname=client, verify_mode=2 if client else 0)
        return self

    members = {name: setting(name, first) for name, first in SETTINGS.items()}
    members |= {name: lambda self, *rest, **options: None for name in IGNORED.split()}
    members |= {name: lambda self, *rest: [] for name in ("get_ca_certs", "get_ciphers")}
    members |= {"cert_store_stats": lambda self: {"x509": 0, "crl": 0, "x509_ca": 0}, "session_stats": lambda self: {}}
    members |= {"_wrap_socket": refused, "_wrap_bio": refused, "load_cert_chain": refused, "__new__": made}
    return type("_SSLContext", (), members)


SETTINGS = {
    "protocol": 2, "options": 0x80000050, "verify_flags": 0x8000, "verify_mode": 0, "check_hostname": False, "minimum_version": 0x303,
    "maximum_version": -1, "_host_flags": 4, "sni_callback": None, "post_handshake_auth": False, "_msg_callback": None,
    "keylog_filename": None, "num_tickets": 2, "security_level": 2,
}  # fmt: skip
"""What a context can be told, and what it says before that."""

IGNORED = "load_verify_locations set_default_verify_paths load_dh_params set_ecdh_curve set_ciphers set_ciphersuites _set_alpn_protocols set_groups set_client_sigalgs set_server_sigalgs"

PURPOSES = {"1.3.6.1.5.5.7.3.1": (129, "serverAuth"), "1.3.6.1.5.5.7.3.2": (130, "clientAuth")}


def txt2obj(text: str, name: bool = False) -> tuple:
    """The two objects that `ssl.Purpose` is made of."""
    number, short = PURPOSES[text]
    return number, short, f"TLS Web {short[:6].capitalize()} Authentication", text


class Locks:
    """`flock` among the open files of the one process."""

    def __init__(self) -> None:
        self.held: dict[tuple[int, int], dict[int, bool]] = {}

    def flock(self, file: object, operation: int) -> None:
        number = descriptor(file)
        inode = inode_of(number)
        # Who has closed the file holds its lock no longer.
        others = self.held.setdefault(inode, {})
        for other in [other for other in others if is_gone(other, inode)]:
            del others[other]
        if operation & UN:
            others.pop(number, None)
        elif any(other != number and (exclusive or operation & EX) for other, exclusive in others.items()):
            # Nobody could ever give it back while this waits.
            reason = errno.EWOULDBLOCK if operation & NB else errno.EDEADLK
            raise OSError(reason, os.strerror(reason))
        else:
            others[number] = bool(operation & EX)


SH, EX, NB, UN = 1, 2, 4, 8


def descriptor(file: object) -> int:
    return file if isinstance(file, int) else file.fileno()


def inode_of(number: int) -> tuple[int, int]:
    found = os.fstat(number)
    return found.st_dev, found.st_ino


def is_gone(number: int, inode: tuple[int, int]) -> bool:
    try:
        return inode_of(number) != inode
    except OSError:
        return True


def fcntl() -> types.ModuleType:
    def control(file: object, command: int, argument: object = 0) -> object:
        os.fstat(descriptor(file))
        if command not in (1, 2, 3, 4):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        return 0

    def lock(file: object, command: int, length: int = 0, start: int = 0, whence: int = 0) -> None:
        """POSIX's locks are between processes, and this is the only one."""
        os.fstat(descriptor(file))

    def device(file: object, *rest: object) -> NoReturn:
        os.fstat(descriptor(file))
        raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY))

    return module(
        "fcntl", LOCK_SH=SH, LOCK_EX=EX, LOCK_NB=NB, LOCK_UN=UN, F_GETFD=1, F_SETFD=2, F_GETFL=3, F_SETFL=4, FD_CLOEXEC=1,
        flock=Locks().flock, lockf=lock, fcntl=control, ioctl=device,
    )  # fmt: skip
