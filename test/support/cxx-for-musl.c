/* What Debian's libstdc++ asks of glibc and musl does not have; see cxx-for-musl.ts. */
#include <stddef.h>

extern int getentropy(void *, size_t);
extern unsigned long getauxval(unsigned long);

char __libc_single_threaded = 0;

unsigned arc4random(void) {
  unsigned value = 0;
  getentropy(&value, sizeof value);
  return value;
}

/* "Not found": the unwinder then asks in the way that every system knows. */
int _dl_find_object(void *address, void *result) {
  (void)address;
  (void)result;
  return -1;
}

/* On aarch64, to learn which atomic instructions there are. */
unsigned long __getauxval(unsigned long type) {
  return getauxval(type);
}
