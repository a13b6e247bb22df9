// A no_std program that formats numbers and strings: it needs core::fmt and its tables.
#![no_std]
#![no_main]
use core::fmt::Write;

struct Line([u8; 256], usize);

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            if self.1 < 256 {
                self.0[self.1] = byte;
                self.1 += 1;
            }
        }
        Ok(())
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[inline(never)]
fn total(numbers: &[u32]) -> usize {
    numbers.iter().map(|n| *n as usize).sum()
}

#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let mut line = Line([0; 256], 0);
    let _ = write!(line, "x {} {:?} {:.3}", total(&[1, 2, 3]), "abc", 1.5f64);
    unsafe { core::ptr::write_volatile(0xb8000 as *mut u8, line.0[3]) };
    loop {}
}

#[unsafe(no_mangle)]
pub extern "C" fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    for i in 0..size {
        unsafe { core::ptr::write_volatile(to.add(i), *from.add(i)) };
    }
    to
}

#[unsafe(no_mangle)]
pub extern "C" fn memmove(to: *mut u8, from: *const u8, size: usize) -> *mut u8 {
    memcpy(to, from, size)
}

#[unsafe(no_mangle)]
pub extern "C" fn memset(to: *mut u8, byte: i32, size: usize) -> *mut u8 {
    for i in 0..size {
        unsafe { core::ptr::write_volatile(to.add(i), byte as u8) };
    }
    to
}

#[unsafe(no_mangle)]
pub extern "C" fn memcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    for i in 0..size {
        let (x, y) = unsafe { (*a.add(i), core::ptr::read_volatile(b.add(i))) };
        if x != y {
            return x as i32 - y as i32;
        }
    }
    0
}

#[unsafe(no_mangle)]
pub extern "C" fn bcmp(a: *const u8, b: *const u8, size: usize) -> i32 {
    memcmp(a, b, size)
}

#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}
