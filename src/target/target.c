/*-------------------------------------------------------------------------
 *
 * target.c
 *	  Calls to another platform: the queue.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "target/target.h"

pg_attribute_noreturn() static void
not_yet(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("targets cannot be called yet")));
}

Target *target_open(Oid relid, Oid userid, MemoryContext context) {not_yet();}
const TargetTableOptions *target_options(const Target *target) {not_yet();}
int target_batch_size(const Target *target) {not_yet();}
TargetRepeat target_repeat(const Target *target) {not_yet();}
char *target_body(const Target *target, const char *const *records, int nrecords, const char *id, size_t *length) {not_yet();}
char **target_keys(const Target *target, const char *const *records, int nrecords) {not_yet();}
const char *target_class_name(TargetClass class) {not_yet();}
TargetQueue *target_queue(Target *target) {not_yet();}
void target_close(TargetQueue *queue) {not_yet();}
void target_ask(TargetQueue *queue, int ticket, const char *body, size_t length, const char *const *keys, int nrecords, const char *id) {not_yet();}
void target_ask_probe(TargetQueue *queue, int ticket, const char *record, const char *id) {not_yet();}
bool target_next(TargetQueue *queue, bool wait, TargetAnswer *answer) {not_yet();}
char *target_preview(const Target *target, const char *body, size_t length, const char *id) {not_yet();}
TargetAnswer *target_judge(Oid relid, int status, const char *text, const char *const *keys, int nrecords) {not_yet();}
bool target_token_is_due(const Target *target) {not_yet();}
void target_renew_token(Oid userid, Oid serverid) {not_yet();}
Size target_shared_memory(void) {not_yet();}
