//! The functions a compiler takes for granted; the libraries for a Linux host leave them to libc.

use core::arch::asm;

#[no_mangle]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    asm!("rep movsb", inout("rdi") to => _, inout("rsi") from => _, inout("rcx") count => _);
    to
}

#[no_mangle]
pub unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    if (to as usize).wrapping_sub(from as usize) >= count {
        return memcpy(to, from, count);
    }
    asm!(
        "std", "rep movsb", "cld",
        inout("rdi") to.add(count).wrapping_sub(1) => _,
        inout("rsi") from.add(count).wrapping_sub(1) => _,
        inout("rcx") count => _,
    );
    to
}

#[no_mangle]
pub unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    asm!("rep stosb", inout("rdi") to => _, in("al") value as u8, inout("rcx") count => _);
    to
}

#[no_mangle]
pub unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    let mut at = 0;
    while at < count {
        let (a, b) = (one.add(at).read_volatile(), other.add(at).read_volatile());
        if a != b {
            return a as i32 - b as i32;
        }
        at += 1;
    }
    0
}

#[no_mangle]
pub unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    memcmp(one, other, count)
}
