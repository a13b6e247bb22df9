//! The boot information describes the machine, and physical memory is where it says.
#![no_std]
#![no_main]

use rust_kernel::{exit, println, BootInfo, KERNEL, KERNEL_STACK, SUCCESS};

#[no_mangle]
pub extern "C" fn _start(info: &'static BootInfo) -> ! {
    let regions = info.regions();
    assert!(regions.windows(2).all(|pair| pair[0].end <= pair[1].start));
    assert!(regions.iter().any(|region| region.kind == KERNEL));
    let stack = regions.iter().find(|region| region.kind == KERNEL_STACK);
    assert_eq!(stack.map(|region| region.end - region.start), Some(128));

    let screen = 0xb8000 as *mut u16;
    let again = (info.physical_memory_offset + 0xb8000) as *const u16;
    unsafe {
        screen.write_volatile(0x0f21);
        assert_eq!(again.read_volatile(), 0x0f21);
    }
    println!("the boot information is right");
    exit(SUCCESS)
}
