/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <string.h>

#include "array.h"

int string_record(Recorder *recorder, Memory *m, uint64_t address) {
        assert(recorder);
        assert(m);

        for (;;) {
                const uint8_t *view, *end;
                size_t size;
                int r;

                r = memory_view(m, address, &view, &size);
                if (r < 0)
                        return r;

                end = memchr(view, 0, size);
                if (end)
                        size = (size_t) (end - view) + 1;

                r = recorder_add(recorder, view, size);
                if (r < 0)
                        return r;
                if (end)
                        return recorder_count_entry(recorder);

                address += size;
        }
}

int array_record(Recorder *recorder, Memory *m, uint64_t variable) {
        const size_t pointer_size = memory_pointer_size(m);
        uint64_t address, string;
        int r;

        assert(recorder);
        assert(m);

        r = memory_read_pointer(m, variable, &address);
        if (r < 0)
                return r;
        if (address == 0)
                return 0;

        for (;; address += pointer_size) {
                r = memory_read_pointer(m, address, &string);
                if (r < 0)
                        return r;
                if (string == 0)
                        return 0;

                r = string_record(recorder, m, string);
                if (r < 0)
                        return r;
        }
}
