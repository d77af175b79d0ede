/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Programs that are laid out to do harm to whoever reads them: hostile WHAT [FILE] [UID GID]
 *
 * Says "ready" when it is done, and waits for the end of its input. With UID and GID it is started as root, does what
 * takes root, and becomes that user's own process. */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096UL
#define MIB (1024UL * 1024UL)

/* environ is in libc: to find it takes all of the loader's data. */
extern ElfW(Dyn) _DYNAMIC[];

static char *file;

static _Noreturn void fail(const char *what) {
        perror(what);
        _exit(EXIT_FAILURE);
}

static void *map(size_t size) {
        void *p =
                mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (p == MAP_FAILED)
                fail("mmap");
        return p;
}

#define BLOCK (2 * MIB)

static void fill_block(void *block, uint64_t word) {
        for (size_t i = 0; i < BLOCK / sizeof(word); i++)
                ((uint64_t *) block)[i] = word;
}

/* More memory than there is: the same word throughout, in pages of its own at the start and from then on in the same
 * ones again and again. */
static void *map_words(size_t size, uint64_t word) {
        const int fd = memfd_create("words", MFD_CLOEXEC);
        char *area = map(size);

        if (fd < 0 || ftruncate(fd, (off_t) BLOCK) < 0)
                fail("memfd_create");
        for (size_t at = BLOCK; at < size; at += BLOCK)
                if (mmap(area + at, BLOCK, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) ==
                    MAP_FAILED)
                        fail("mmap");

        fill_block(area, word);
        fill_block(area + BLOCK, word);
        return area;
}

static void make_writable(const void *p, size_t size) {
        const uintptr_t start = (uintptr_t) p / PAGE * PAGE;

        if (mprotect((void *) start, (uintptr_t) p + size - start, PROT_READ | PROT_WRITE) < 0)
                fail("mprotect");
}

/*
 * The loader's list
 */

static struct link_map *libc_object(void) {
        struct link_map *object = _r_debug.r_map;

        while (!strstr(object->l_name, "libc.so"))
                object = object->l_next;
        return object;
}

static void make_list_cyclic(void) {
        libc_object()->l_prev->l_next = _r_debug.r_map;
}

/* Each object has a dynamic section, which is empty. */
static void make_list_long(void) {
        const size_t n = 1000 * 1000;
        struct link_map *list = map(n * sizeof(*list));
        ElfW(Dyn) *empty = map(sizeof(*empty));

        for (size_t i = 0; i < n; i++)
                list[i] = (struct link_map){ .l_ld = empty, .l_next = i + 1 < n ? &list[i + 1] : NULL };
        _r_debug.r_map->l_next = list;
}

static void make_list_wild(void) {
        _r_debug.r_map->l_next = (struct link_map *) 0x7ffffffff123;
}

/* At an odd address, across two pages; what it says is right. */
static void make_list_misaligned(void) {
        struct link_map *copy = (struct link_map *) ((char *) map(2 * PAGE) + PAGE - 13);

        memcpy(copy, libc_object(), sizeof(*copy));
        _r_debug.r_map->l_next = copy;
}

/* r_debug is what DT_DEBUG of the executable says. */
static ElfW(Dyn) * dynamic_entry(ElfW(Sxword) tag) {
        ElfW(Dyn) *entry = _DYNAMIC;

        while (entry->d_tag != tag && entry->d_tag != DT_NULL)
                entry++;
        if (entry->d_tag != tag)
                fail("no such entry");
        make_writable(entry, sizeof(*entry));
        return entry;
}

static void make_debug_wild(void) {
        dynamic_entry(DT_DEBUG)->d_un.d_ptr = UINT64_MAX - 3;
}

static void make_debug_misaligned(void) {
        void *copy = (char *) map(2 * PAGE) + PAGE - 13;

        memcpy(copy, &_r_debug, sizeof(_r_debug));
        dynamic_entry(DT_DEBUG)->d_un.d_ptr = (uintptr_t) copy;
}

/*
 * Dynamic sections and what they lead to
 */

static void make_dynamic_wild(void) {
        libc_object()->l_ld = (ElfW(Dyn) *) UINTPTR_MAX;
}

/* Entries that mean nothing. */
static void make_dynamic_endless(void) {
        libc_object()->l_ld = map_words(8192 * MIB, 0x12345);
}

/* Where the program headers say that the dynamic section is. */
static void make_headers_lie(void) {
        ElfW(Phdr) *headers = (ElfW(Phdr) *) getauxval(AT_PHDR);
        const size_t n = getauxval(AT_PHNUM);

        make_writable(headers, n * sizeof(*headers));
        for (size_t i = 0; i < n; i++)
                if (headers[i].p_type == PT_DYNAMIC || headers[i].p_type == PT_NOTE)
                        headers[i].p_vaddr = headers[i].p_filesz = headers[i].p_memsz = UINT64_MAX / 2;
}

static void make_symtab_wild(void) {
        dynamic_entry(DT_SYMTAB)->d_un.d_ptr = UINT64_MAX - PAGE;
}

/* All bits are set behind these: nothing is held back by the filter. */
static void set_gnu_hash(void *table, uint32_t n_buckets, uint32_t first_symbol, uint32_t bloom_size) {
        const uint32_t header[] = { n_buckets, first_symbol, bloom_size, 6, UINT32_MAX, UINT32_MAX, 1 };

        memcpy(table, header, sizeof(header));
        dynamic_entry(DT_GNU_HASH)->d_un.d_ptr = (uintptr_t) table;
}

/* A chain of symbols with the hash of "__environ", none of which is it, and none the last. */
static void make_gnu_hash_endless(void) {
        uint32_t h = 5381;

        for (const char *p = "__environ"; *p; p++)
                h = h * 33 + (uint8_t) *p;
        h &= ~1U;
        set_gnu_hash(map_words(8192 * MIB, (uint64_t) h << 32 | h), 1, 1, 1);
        dynamic_entry(DT_SYMTAB)->d_un.d_ptr = (uintptr_t) map(65536 * MIB);
}

static void make_gnu_hash_sizes_wild(void) {
        set_gnu_hash(map(PAGE), UINT32_MAX, 0, UINT32_MAX);
}

static void make_gnu_hash_wild(void) {
        dynamic_entry(DT_GNU_HASH)->d_un.d_ptr = UINT64_MAX - 7;
}

/* An object with the older kind of table only, in which the chain of each bucket leads back to itself. */
static void make_sysv_hash_cyclic(void) {
        static uint32_t table[] = { 1, 4, 1, 0, 2, 3, 1 };

        dynamic_entry(DT_GNU_HASH)->d_tag = DT_HASH;
        dynamic_entry(DT_HASH)->d_un.d_ptr = (uintptr_t) table;
}

/* Every symbol is exported, and has its name at the last byte before the end of the address space. */
static void make_strtab_wild(void) {
        static ElfW(Sym) symbols[4];

        make_sysv_hash_cyclic();
        for (size_t i = 0; i < 4; i++)
                symbols[i] = (ElfW(Sym)){ .st_name = UINT32_MAX,
                                          .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                                          .st_shndx = 1,
                                          .st_value = UINT64_MAX };
        dynamic_entry(DT_SYMTAB)->d_un.d_ptr = (uintptr_t) symbols;
        dynamic_entry(DT_STRTAB)->d_un.d_ptr = UINT64_MAX - UINT32_MAX;
        dynamic_entry(DT_STRSZ)->d_un.d_val = UINT64_MAX;
}

/*
 * The array and its strings
 */

static void make_environ_wild(void) {
        environ = (char **) 0x123456789abcd1;
}

/* A thousand million pointers to empty strings, and behind them no NULL but the end of the mapping. */
static void make_environ_endless(void) {
        environ = map_words(8192 * MIB, (uintptr_t) "");
}

/* Each string is one byte shorter than the one before, and its end. */
static void overlap_strings(size_t n, size_t size) {
        char *text = map(size), **array = map((n + 1) * sizeof(char *));

        memset(text, 'A', size - 1);
        for (size_t i = 0; i < n; i++)
                array[i] = text + i;
        environ = array;
}

static void make_strings_overlap(void) {
        overlap_strings(100 * 1000, 64 * MIB);
}

/* None of these is too long for all of them together: 8 TB if it were written out. */
static void make_small_strings_overlap(void) {
        overlap_strings(4096 * 1024, 4 * MIB);
}

/* Puts a page in place at once, with an array of one entry. */
static void put_array(void *page) {
        char **array = map(PAGE);

        array[0] = (char *) page + 2 * sizeof(char *);
        strcpy((char *) (array + 2), "A=1");
        if (mremap(array, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, page) != page)
                fail("mremap");
}

static _Noreturn void *keep_vanishing(void *page) {
        for (;;) {
                (void) munmap(page, PAGE);
                put_array(page);
        }
}

static void in_a_thread(void *(*act)(void *), void *userdata) {
        pthread_t thread;

        if (pthread_create(&thread, NULL, act, userdata) != 0)
                fail("pthread_create");
}

/* The place where it vanishes is away from where the other pages are taken from. */
static void *page_apart(void) {
        void *page = (char *) map(1024 * MIB) + 512 * MIB;

        put_array(page);
        environ = page;
        return page;
}

static void make_memory_vanish(void) {
        in_a_thread(keep_vanishing, page_apart());
}

/*
 * Pages that somebody has to deliver
 */

static void *map_file(void *at) {
        static int fd = -1;
        void *p;

        if (fd < 0)
                fd = open(file, O_RDONLY | O_CLOEXEC);
        p = mmap(at, PAGE, PROT_READ, MAP_PRIVATE | (at ? MAP_FIXED : 0), fd, 0);
        if (p == MAP_FAILED)
                fail(file);
        return p;
}

static void put_array_on_file(void) {
        environ = map_file(NULL);
}

static void put_string_on_file(void) {
        char **array = map(PAGE);

        array[0] = map_file(NULL);
        environ = array;
}

static void put_list_on_file(void) {
        _r_debug.r_map->l_next = map_file(NULL);
}

/* The page of the array is by turns its own and one of the file. */
static _Noreturn void *keep_swapping(void *page) {
        for (;;) {
                (void) map_file(page);
                put_array(page);
        }
}

static void swap_file_in_and_out(void) {
        (void) map_file(NULL); /* once it is open, its server need not answer */
        in_a_thread(keep_swapping, page_apart());
}

/* Nobody reads the descriptor: whoever touches the page waits. */
static void put_array_on_userfaultfd(void) {
        struct uffdio_api api = { .api = UFFD_API };
        struct uffdio_register area = { .mode = UFFDIO_REGISTER_MODE_MISSING };
        const int fd = (int) syscall(SYS_userfaultfd, O_CLOEXEC);
        void *page = map(PAGE);

        area.range.start = (uintptr_t) page;
        area.range.len = PAGE;
        if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &area) < 0)
                fail("userfaultfd");
        environ = page;
}

/*
 * What the kernel is told
 */

/* What the kernel has noted when the program was executed; it lets the program note something else, prctl(2). */
static struct prctl_mm_map kernels_notes(void) {
        struct prctl_mm_map notes = { .exe_fd = (uint32_t) -1, .brk = (uintptr_t) sbrk(0) };
        unsigned long long field[52] = {};
        char text[4096], *p;
        const int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
        const ssize_t n = read(fd, text, sizeof(text) - 1);

        if (n < 0)
                fail("/proc/self/stat");
        text[n] = 0;
        p = strrchr(text, ')') + strlen(") S");
        for (size_t i = 3; i < 51; i++)
                field[i + 1] = strtoull(p, &p, 10);

        notes.start_code = field[26];
        notes.end_code = field[27];
        notes.start_stack = field[28];
        notes.start_data = field[45];
        notes.end_data = field[46];
        notes.start_brk = field[47];
        notes.arg_start = field[48];
        notes.arg_end = field[49];
        notes.env_start = field[50];
        notes.env_end = field[51];
        return notes;
}

/* The environment of the start: a terabyte of nothing but NUL bytes. */
static void make_initial_endless(void) {
        const size_t size = MIB * MIB;
        struct prctl_mm_map notes = kernels_notes();

        notes.env_start = (uintptr_t) map(size);
        notes.env_end = notes.env_start + size - 1;
        if (prctl(PR_SET_MM, PR_SET_MM_MAP, &notes, sizeof(notes), 0) < 0)
                fail("PR_SET_MM_MAP");
}

/* The kernel takes no file that could not be executed for the program's own. Takes root. */
static void take_for_executable(void) {
        struct prctl_mm_map notes = kernels_notes();

        notes.exe_fd = (uint32_t) open(file, O_RDWR | O_CLOEXEC);
        (void) dprintf(1, "%s\n",
                       prctl(PR_SET_MM, PR_SET_MM_MAP, &notes, sizeof(notes), 0) == 0 ? "taken"
                                                                                      : strerror(errno));
}

static void take_a_name(void) {
        if (prctl(PR_SET_NAME, "\n<b>\x1b[31m) R 1", 0, 0, 0) < 0)
                fail("PR_SET_NAME");
}

static void do_nothing(void) {
}

static const struct {
        const char *name;
        void (*act)(void);
} deeds[] = {
        { "nothing", do_nothing },
        { "list-cyclic", make_list_cyclic },
        { "list-long", make_list_long },
        { "list-wild", make_list_wild },
        { "list-misaligned", make_list_misaligned },
        { "debug-wild", make_debug_wild },
        { "debug-misaligned", make_debug_misaligned },
        { "dynamic-wild", make_dynamic_wild },
        { "dynamic-endless", make_dynamic_endless },
        { "headers-lie", make_headers_lie },
        { "symtab-wild", make_symtab_wild },
        { "strtab-wild", make_strtab_wild },
        { "gnu-hash-endless", make_gnu_hash_endless },
        { "gnu-hash-sizes-wild", make_gnu_hash_sizes_wild },
        { "gnu-hash-wild", make_gnu_hash_wild },
        { "sysv-hash-cyclic", make_sysv_hash_cyclic },
        { "environ-wild", make_environ_wild },
        { "environ-endless", make_environ_endless },
        { "strings-overlap", make_strings_overlap },
        { "small-strings-overlap", make_small_strings_overlap },
        { "memory-vanishes", make_memory_vanish },
        { "array-on-file", put_array_on_file },
        { "string-on-file", put_string_on_file },
        { "list-on-file", put_list_on_file },
        { "file-swapped", swap_file_in_and_out },
        { "array-on-userfaultfd", put_array_on_userfaultfd },
        { "initial-endless", make_initial_endless },
        { "executable", take_for_executable },
        { "name", take_a_name },
};

static void become(const char *uid, const char *gid) {
        const unsigned u = (unsigned) strtoul(uid, NULL, 10), g = (unsigned) strtoul(gid, NULL, 10);

        if (syscall(SYS_setresgid, g, g, g) < 0 || syscall(SYS_setresuid, u, u, u) < 0 ||
            prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
                fail("setresuid");
}

int main(int argc, char *argv[]) {
        char byte;

        file = argc > 2 ? argv[2] : NULL;
        for (size_t i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++)
                if (argc > 1 && strcmp(deeds[i].name, argv[1]) == 0) {
                        deeds[i].act();
                        if (argc == 5)
                                become(argv[3], argv[4]);
                        (void) !write(1, "ready\n", 6);
                        while (read(0, &byte, 1) > 0)
                                ;
                        _exit(EXIT_SUCCESS);
                }

        fail("what?");
}
