// SPDX-License-Identifier: LGPL-2.1-or-later

use std::env;
use std::io::{stdin, Read};

fn main() {
    env::set_var("NEW", "1");
    env::set_var("CHANGED", "new");
    env::remove_var("GONE");
    println!("READY");
    let _ = stdin().read(&mut [0; 1]);
}
