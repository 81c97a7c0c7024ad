/*-------------------------------------------------------------------------
 *
 * preload.c
 *	  What a server needs beside ASan's runtime to start with it.
 *
 * ASan starts at the first malloc, which in a server is made by a library that
 * holds the C library's message lock, and then looks for this name: if it is
 * missing, the error's text takes that lock again and the server never starts.
 *
 *-------------------------------------------------------------------------
 */
extern char *swift_demangle(void);

char *
swift_demangle(void)
{
	return 0;
}
