// SPDX-License-Identifier: LGPL-2.1-or-later

import java.io.IOException;
import java.util.Map;

/** Says READY if its environment is what the test has started it with. */
class Environ {
    public static void main(String[] args) throws IOException {
        boolean same = System.getenv().equals(Map.of("KEEP", "1", "GONE", "1", "CHANGED", "old",
            "LC_ALL", "C.UTF-8", "PATH", "/usr/bin:/bin", "HOME", "/"));

        System.out.println(same ? "READY" : "something else");
        System.in.read();
    }
}
