//! A test that passes by failing.
#![no_std]
#![no_main]

use rust_kernel::{BootInfo, PANIC_CODE, SUCCESS};

#[no_mangle]
pub extern "C" fn _start(_: &'static BootInfo) -> ! {
    unsafe { PANIC_CODE = SUCCESS }
    assert_eq!(1 + 1, 3);
    loop {}
}
