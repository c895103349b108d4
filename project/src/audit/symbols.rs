//! Which of the system's functions reach what. `docs/audit.md` shows this table, too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use puck_package::{Capability, SystemImport};

/// The functions of each capability, by their plain names.
///
/// The names under which glibc has variants of them are not listed; see [`plain_names`]. What is in
/// no list is [`Capability::Other`], except in libm and libgcc_s.
pub(crate) const TABLE: [(Capability, &str); 12] = [
    (
        Capability::Memory,
        "aligned_alloc alloca bcmp bcopy bsearch bzero calloc cfree explicit_bzero free \
         free_aligned_sized free_sized hcreate hdestroy hsearch insque lfind lsearch \
         madvise malloc malloc_trim malloc_usable_size mallinfo mallinfo2 mallopt memalign memccpy \
         memchr memcmp memcpy memfrob memmem memmove mempcpy memrchr memset memset_explicit mincore \
         mlock mlock2 mlockall mmap mprotect mremap munlock munlockall munmap posix_madvise \
         posix_memalign pvalloc qsort qsort_r rawmemchr realloc reallocarray remque sbrk brk swab \
         tdelete tdestroy tfind tls_get_addr tsearch twalk twalk_r valloc",
    ),
    (
        Capability::Strings,
        "a64l asprintf atof atoi atol atoll basename btowc c16rtomb c32rtomb catclose catgets \
         catopen ctype_b_loc ctype_get_mb_cur_max ctype_tolower_loc ctype_toupper_loc dcgettext \
         dcngettext dgettext dngettext dirname ecvt fcvt ffs ffsl ffsll fnmatch gcvt gettext iconv \
         iconv_close iconv_open index isalnum isalpha isascii isblank iscntrl isdigit isgraph \
         islower isprint ispunct isspace isupper iswalnum iswalpha iswblank iswcntrl iswctype \
         iswdigit iswgraph iswlower iswprint iswpunct iswspace iswupper iswxdigit isxdigit l64a \
         localeconv mblen mbrlen mbrtoc16 mbrtoc32 mbrtowc mbsinit mbsnrtowcs mbsrtowcs mbstowcs \
         mbtowc newlocale duplocale freelocale uselocale setlocale nl_langinfo ngettext obstack_printf \
         regcomp regerror regexec regfree rindex rpmatch snprintf sprintf sscanf stpcpy stpncpy \
         strcasecmp strcasestr strcat strchr strchrnul strcmp strcoll strcpy strcspn strdup strfmon \
         strfromd strfromf strfroml strlcat strlcpy strlen strncasecmp strncat strncmp strncpy \
         strndup strnlen strpbrk strrchr strsep strspn strstr strtod strtof strtoimax strtok strtol \
         strtold strtoll strtoq strtoul strtoull strtoumax strtouq strverscmp strxfrm swprintf swscanf \
         textdomain bindtextdomain toascii tolower toupper towctrans towlower towupper vasprintf \
         versionsort vsnprintf vsprintf vsscanf vswprintf vswscanf wcpcpy wcpncpy wcrtomb wcscasecmp \
         wcscat wcschr wcschrnul wcscmp wcscoll wcscpy wcscspn wcsdup wcslen wcsncasecmp wcsncat \
         wcsncmp wcsncpy wcsnlen wcsnrtombs wcspbrk wcsrchr wcsrtombs wcsspn wcsstr wcstod wcstof \
         wcstoimax wcstok wcstol wcstold wcstoll wcstombs wcstoul wcstoull wcstoumax wcswidth wcsxfrm \
         wctob wctomb wctrans wctype wcwidth wmemchr wmemcmp wmemcpy wmemmove wmempcpy wmemset wordexp \
         wordfree",
    ),
    (
        Capability::Mathematics,
        "abs div imaxabs imaxdiv labs ldiv llabs lldiv feclearexcept fedisableexcept feenableexcept \
         fegetenv fegetexcept fegetexceptflag fegetround feholdexcept feraiseexcept fesetenv \
         fesetexceptflag fesetround fetestexcept feupdateenv finite fpclassify frexp isfinite isinf \
         isnan isnormal copysign ldexp modf scalbn signbit",
    ),
    (
        Capability::Files,
        "access acct chdir chmod chown chroot clearerr close closedir close_range closefrom \
         copy_file_range creat ctermid dirfd dprintf dup dup2 dup3 eaccess euidaccess faccessat \
         fallocate fanotify_init fanotify_mark fchdir fchmod fchmodat fchown fchownat fclose fcloseall \
         fcntl fdatasync fdopen fdopendir feof ferror fflush fgetc fgetpos fgets fgetwc fgetws \
         fgetxattr fileno flistxattr flock flockfile fmemopen fopen fopencookie fprintf fpurge fputc \
         fputs fputwc fputws fread freadable fremovexattr freopen fscanf fseek fseeko fsetpos fsetxattr \
         fstat fstatat fstatfs fstatvfs fsync ftell ftello ftruncate ftrylockfile fts_children \
         fts_close fts_open fts_read fts_set ftw funlockfile futimens futimes futimesat fwide fwprintf \
         fwrite fwscanf fxstat fxstatat get_current_dir_name getc getchar getcwd getdelim getdents \
         getline getmntent getopt getopt_long getopt_long_only gets getw getwc getwchar getwd getxattr glob \
         globfree inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl io_uring_enter \
         io_uring_setup isatty lchmod lchown lckpwdf lgetxattr link linkat listxattr llistxattr lockf \
         lremovexattr lseek lsetxattr lstat lutimes lxstat mkdir mkdirat mkdtemp mkfifo mkfifoat mknod \
         mknodat mkostemp mkostemps mkstemp mkstemps mktemp mount msync name_to_handle_at nftw open open_by_handle_at \
         open_memstream open_wmemstream openat opendir openpt overflow pathconf fpathconf perror \
         pivot_root posix_fadvise posix_fallocate pread preadv preadv2 printf ptsname grantpt unlockpt \
         putc putchar puts putw putwc putwchar pwrite pwritev pwritev2 quotactl read readahead readdir \
         readlink readlinkat readv realpath remove removexattr rename renameat renameat2 rewind \
         rewinddir rmdir scandir scandirat scanf seekdir sendfile setbuf setbuffer setlinebuf \
         setmntent endmntent addmntent setvbuf setxattr splice stat stderr stdin stdout statfs statvfs statx swapoff \
         swapon symlink symlinkat sync sync_file_range syncfs tcdrain tcflow tcflush tcgetattr \
         tcgetpgrp tcsendbreak tcsetattr tcsetpgrp tee telldir tempnam tmpfile tmpnam truncate \
         ttyname uflow umask umount umount2 underflow ungetc ungetwc unlink unlinkat utime utimensat \
         utimes vdprintf vfprintf vfscanf vfwprintf vfwscanf vmsplice vprintf vscanf vwprintf vwscanf \
         wprintf write writev wscanf xstat memfd_create shm_open shm_unlink eventfd",
    ),
    (
        Capability::Network,
        "accept accept4 bind bindresvport connect dn_comp dn_expand endhostent endnetent endprotoent \
         endservent ether_aton ether_ntoa freeaddrinfo freeifaddrs gai_cancel gai_error gai_strerror \
         gai_suspend getaddrinfo getaddrinfo_a gethostbyaddr gethostbyname gethostbyname2 gethostent \
         getifaddrs getnameinfo getnetbyaddr getnetbyname getnetent getpeername getprotobyname \
         getprotobynumber getprotoent getservbyname getservbyport getservent getsockname getsockopt \
         herror hstrerror htonl htons if_freenameindex if_indextoname if_nameindex if_nametoindex \
         inet_addr inet_aton inet_lnaof inet_makeaddr inet_net_ntop inet_net_pton inet_netof \
         inet_network inet_ntoa inet_ntop inet_pton listen ntohl ntohs rcmd recv recvfrom recvmmsg recvmsg res_init \
         res_mkquery res_nquery res_nsearch res_query res_querydomain res_search res_send rexec rresvport \
         ruserok send sendmmsg sendmsg sendto sethostent setnetent setprotoent setservent setsockopt \
         shutdown sockatmark socket socketpair h_errno h_errno_location",
    ),
    (
        Capability::Process,
        "_exit _Exit at_quick_exit atexit capget capset clone clone3 cxa_atexit cxa_at_quick_exit \
         cxa_finalize daemon execl execle execlp execv execve execveat execvp execvpe exit fexecve \
         fork forkpty getpgid getpgrp getpid getppid getpriority getrlimit getrusage getsid initgroups kill killpg \
         login_tty mq_close mq_notify mq_open mq_receive mq_send mq_unlink msgctl msgget msgrcv msgsnd \
         nice on_exit openpty pause pclose personality pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2 \
         popen posix_spawn posix_spawn_file_actions_addclose posix_spawn_file_actions_adddup2 \
         posix_spawn_file_actions_addopen posix_spawn_file_actions_destroy \
         posix_spawn_file_actions_init posix_spawnattr_destroy posix_spawnattr_init \
         posix_spawnattr_setflags posix_spawnattr_setpgroup posix_spawnattr_setsigdefault \
         posix_spawnattr_setsigmask posix_spawnp prctl prlimit process_vm_readv process_vm_writev \
         psignal ptrace quick_exit raise reboot register_atfork semctl semget semop semtimedop setegid \
         seteuid setfsgid setfsuid setgid setgroups setns setpgid setpgrp setpriority setregid \
         setresgid setresuid setreuid setrlimit setsid setuid shmat shmctl shmdt shmget sigaction \
         sigaddset sigaltstack sigdelset sigemptyset sigfillset siginterrupt sigismember signal \
         signalfd sigpending sigprocmask sigqueue sigsuspend sigtimedwait sigwait sigwaitinfo system \
         unshare vfork vhangup wait wait3 wait4 waitid waitpid libc_current_sigrtmax \
         libc_current_sigrtmin",
    ),
    (
        Capability::Threads,
        "call_once cnd_broadcast cnd_destroy cnd_init cnd_signal cnd_timedwait cnd_wait epoll_create \
         epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait getcpu gettid membarrier mtx_destroy mtx_init \
         mtx_lock mtx_timedlock mtx_trylock mtx_unlock poll ppoll pselect sched_get_priority_max \
         sched_get_priority_min sched_getaffinity sched_getcpu sched_getparam sched_getscheduler \
         sched_rr_get_interval sched_setaffinity sched_setparam sched_setscheduler sched_yield select \
         sem_close sem_clockwait sem_destroy sem_getvalue sem_init sem_open sem_post sem_timedwait \
         sem_trywait sem_unlink sem_wait tgkill thrd_create thrd_current thrd_detach thrd_equal \
         thrd_exit thrd_join thrd_yield tss_create tss_delete tss_get tss_set cxa_thread_atexit_impl",
    ),
    (
        Capability::Time,
        "adjtime adjtimex alarm asctime clock clock_adjtime clock_getcpuclockid clock_getres \
         clock_gettime clock_nanosleep clock_settime ctime daylight difftime dysize ftime getdate getitimer \
         gettimeofday gmtime localtime mktime nanosleep ntp_adjtime ntp_gettime setitimer settimeofday \
         sleep stime strftime strptime thrd_sleep time timegm timelocal timer_create timer_delete \
         timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime \
         times timespec_get timespec_getres timezone tzname tzset ualarm usleep wcsftime",
    ),
    (
        Capability::Randomness,
        "arc4random arc4random_buf arc4random_uniform drand48 erand48 getentropy getrandom initstate \
         jrand48 lcong48 lrand48 mrand48 nrand48 rand random seed48 setstate srand srand48 srandom",
    ),
    (
        Capability::Errors,
        "abort assert assert_fail assert_perror_fail backtrace backtrace_symbols backtrace_symbols_fd \
         chk_fail err errno_location error error_at_line errx explicit_fail fortify_fail longjmp \
         longjmp_chk setjmp siglongjmp sigsetjmp stack_chk_fail stack_chk_guard strerror \
         strerrordesc_np strerrorname_np strsignal verr verrx vwarn vwarnx warn warnx xpg_strerror",
    ),
    (
        Capability::System,
        "clearenv confstr cuserid endgrent endpwent environ get_avphys_pages get_nprocs \
         get_nprocs_conf get_phys_pages getauxval getdomainname getegid getenv geteuid getgid getgrent \
         getgrgid getgrnam getgrouplist getgroups gethostid gethostname getlogin getpagesize getpass getpwent \
         getpwnam getpwuid getresgid getresuid getsubopt getuid gnu_get_libc_release \
         gnu_get_libc_version libc_single_threaded program_invocation_name \
         program_invocation_short_name progname putenv secure_getenv setdomainname setenv setgrent \
         sethostid sethostname setpwent syslog closelog openlog setlogmask vsyslog sysconf sysinfo uname unsetenv \
         getloadavg klogctl",
    ),
    (
        Capability::Anything,
        "dl_iterate_phdr dladdr dladdr1 dlclose dlerror dlinfo dlmopen dlopen dlsym dlvsym syscall \
         iopl ioperm init_module finit_module delete_module kexec_load bpf perf_event_open",
    ),
];

/// Prefixes of whole families.
const FAMILIES: [(&str, Capability); 4] = [
    ("pthread_", Capability::Threads),
    ("_Unwind_", Capability::Errors),
    ("posix_spawn", Capability::Process),
    ("aio_", Capability::Files),
];

static BY_NAME: LazyLock<BTreeMap<&str, Capability>> = LazyLock::new(|| {
    let names = |(capability, names): &(Capability, &'static str)| {
        let capability = *capability;
        names.split(' ').map(move |name| (name, capability))
    };
    TABLE.iter().flat_map(names).collect()
});

/// What a function of the system reaches.
pub(crate) fn capability(import: &SystemImport) -> Capability {
    let symbol = &*import.symbol;
    let family = FAMILIES
        .iter()
        .find(|(prefix, _)| symbol.trim_start_matches("__").starts_with(prefix));
    if let Some((_, capability)) = family {
        return *capability;
    }
    if let Some(found) = plain_names(symbol).find_map(|name| BY_NAME.get(name)) {
        return *found;
    }
    match &*import.library {
        // libm is mathematics; so is what of libgcc_s does not unwind the stack.
        "libm.so.6" | "libgcc_s.so.1" => Capability::Mathematics,
        _ => Capability::Other,
    }
}

/// The names under which a function may be listed: its own, and that without what marks a variant of
/// it: `__isoc23_strtol`, `__memcpy_chk`, `fopen64`, `localtime_r`, `strtod_l`, `putc_unlocked`.
fn plain_names(symbol: &str) -> impl Iterator<Item = &str> {
    const PREFIXES: [&str; 6] = ["__isoc99_", "__isoc23_", "__libc_", "_IO_", "__", "_"];
    const SUFFIXES: [&str; 8] = [
        "_chk",
        "_unlocked",
        "64",
        "64v2",
        "_r",
        "_l",
        "_time64",
        "_np",
    ];
    let bare = PREFIXES
        .iter()
        .find_map(|prefix| symbol.strip_prefix(prefix))
        .unwrap_or(symbol);
    let mut names = vec![symbol, bare];
    for _ in 0..2 {
        let last = names.last().copied().unwrap_or(bare);
        let shorter = SUFFIXES.iter().find_map(|suffix| last.strip_suffix(suffix));
        names.extend(shorter);
    }
    names.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(symbol: &str, library: &str) -> Capability {
        capability(&SystemImport {
            symbol: symbol.to_owned(),
            library: library.to_owned(),
            version: None,
        })
    }

    #[test]
    fn each_name_stands_once() {
        let mut seen = BTreeMap::new();
        for (capability, names) in TABLE {
            for name in names.split(' ') {
                assert!(!name.is_empty(), "two spaces in {capability}");
                let before = seen.insert(name, capability);
                assert_eq!(before, None, "{name} is in {capability}, too");
            }
        }
    }

    #[test]
    fn the_page_shows_the_table() {
        let page = include_str!("../../../docs/audit.md");
        for capability in Capability::ALL {
            let mut rows = page.lines();
            let row = rows.find(|row| row.starts_with(&format!("| `{capability}` |")));
            let row = row.unwrap_or_else(|| panic!("no row for {capability}"));
            let listed = TABLE.iter().find(|(listed, _)| *listed == capability);
            if let Some((_, names)) = listed {
                assert!(row.ends_with(&format!("| `{names}` |")), "{capability}");
            }
        }
    }

    #[test]
    fn functions_and_their_variants() {
        use Capability::*;
        for (symbol, expected) in [
            ("malloc", Memory),
            ("__tls_get_addr", Memory),
            ("memcpy", Memory),
            ("__memcpy_chk", Memory),
            ("mmap64", Memory),
            ("__isoc23_strtol", Strings),
            ("__isoc99_sscanf", Strings),
            ("strtod_l", Strings),
            ("__snprintf_chk", Strings),
            ("__ctype_b_loc", Strings),
            ("strlen", Strings),
            ("fopen64", Files),
            ("__fprintf_chk", Files),
            ("_IO_putc", Files),
            ("putc_unlocked", Files),
            ("__xstat64", Files),
            ("stdout", Files),
            ("socket", Network),
            ("__h_errno_location", Network),
            ("getaddrinfo", Network),
            ("gethostbyname_r", Network),
            ("__recv_chk", Network),
            ("fork", Process),
            ("system", Process),
            ("_exit", Process),
            ("execve", Process),
            ("posix_spawnattr_setschedparam", Process),
            ("pthread_create", Threads),
            ("__pthread_key_create", Threads),
            ("localtime_r", Time),
            ("clock_gettime", Time),
            ("getrandom", Randomness),
            ("rand_r", Randomness),
            ("abort", Errors),
            ("__stack_chk_fail", Errors),
            ("_Unwind_Resume", Errors),
            ("__errno_location", Errors),
            ("__sigsetjmp", Errors),
            ("__xpg_strerror_r", Errors),
            ("getenv", System),
            ("secure_getenv", System),
            ("sysconf", System),
            ("syscall", Anything),
            ("dlopen", Anything),
            ("no_such_function", Other),
            ("", Other),
            ("_", Other),
            ("64", Other),
        ] {
            assert_eq!(of(symbol, "libc.so.6"), expected, "{symbol}");
        }
    }

    #[test]
    fn whole_libraries() {
        assert_eq!(of("sin", "libm.so.6"), Capability::Mathematics);
        assert_eq!(of("__exp_finite", "libm.so.6"), Capability::Mathematics);
        assert_eq!(
            of("__popcountdi2", "libgcc_s.so.1"),
            Capability::Mathematics
        );
        assert_eq!(of("_Unwind_Resume", "libgcc_s.so.1"), Capability::Errors);
    }
}
