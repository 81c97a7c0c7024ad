"""The simulator of the XBB open API, as a package; test/xbb_sim.py starts it.

A file imports only files that stand above it here, and so imports go one way;
the selftest reads this list and checks it.

Of whatever platform:
    names          tables of what has a name; what an order is told that makes no sense
    exact_json     JSON that keeps a number's digits
    clock          a world's time
    switches       how a company behaves, as data
    place          which requests a fault or a hold means
    tenant         a company: log, limits, faults, holds
    wire           an answer, and its bytes
    wire_faults    faults of connection, HTTP, framing, compression
    connection     HTTP by hand
    server         all companies behind one port, and what it asks of a platform
    control        orders
    help           the text of --help
    verbs          orders that any company understands

XBB:
    xbb_objects    objects, paths, what they want
    xbb_answer     the envelope, and errors in it
    xbb_condition  conditions of a request
    xbb_render     bytes of generated records
    xbb_fields     fieldTypes: definitions, values in lists and details
    xbb_form       a form, and the records that follow from it
    xbb_replica    what a copy of a list shows
    xbb_records    a list of records, and its changes
    xbb_flat       users, departments and the like
    xbb_company    a company's lists and signature
    xbb_call       a call that may be answered
    xbb_lists      endpoints: lists
    xbb_detail     endpoints: single records
    xbb_forms      endpoints: forms and their fields
    xbb_write      endpoints: add, edit, del
    xbb_faults     faults in what XBB says
    xbb_verbs      orders about lists and records
    xbb_form_verbs  orders about forms
    xbb            the platform: identify, check, find the endpoint

Targets, that is, platforms to which is written:
    target_journal  what a target writes down before it answers
    target_world   a target: documents, refusals, tokens
    target_call    a request, and what becomes of its records
    target_sign    signatures as the platforms check them
    target_plain   endpoints: the case study's, a webhook
    target_erp     endpoints: K3, 星辰, 苍穹, BIP, T+
    target_shop    endpoints: 聚水潭, 旺店通
    target_robot   endpoints: 钉钉, 企业微信, 飞书
    target_token   endpoints: tokens
    target_faults  faults in what a target does and says
    target_verbs   orders about targets
    target         the platform: identify, check, find the endpoint

The program:
    platforms      puts platforms, verbs and faults together
    client         ctl
    serve          serve
    probe          a plain client, and TAP
    try_lists, try_conditions, try_changes, try_forms, try_manners, try_faults, try_holds, try_writes, try_targets, try_hostile, try_package
                   what the selftest tries
    selftest       selftest
    command        the command line

Where does it go?
    a switch                 a line in switches
    a fault                  a function with @fault in wire_faults, xbb_faults or target_faults
    an order                 a function with @verb in verbs, xbb_verbs, xbb_form_verbs or target_verbs
    a fieldType              a row of KIND in xbb_fields
    an endpoint of XBB       a function with @endpoint in the xbb_ file of its kind, or a new one whose table xbb takes in;
                             the object's line in xbb_objects
    another platform         files with a prefix of its own, beside xbb_: a Tenant with what it keeps, an object as
                             server describes it, a line in platforms; its prefix is added to the list in try_package
    a platform to write to   its paths with @endpoint and a Manner in the target_ file of its kind; its signature in
                             target_sign; what it says in try_targets
    harm that a target does  a function with @fault in target_faults, or a switch; try_hostile

Nothing of one platform is imported by what is for all, nor by another platform.
"""
