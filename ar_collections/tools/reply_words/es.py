"""Spanish."""
import re

from ..reply_dates import compile_patterns

STOPWORDS = set(
    "el la los las de del un una y que en para por con su sus nuestro nuestra se es no esta este "
    "hemos han ya le les lo al a gracias hola buenos dias tardes factura pago favor saludos muy "
    "ha".split())
MONTHS = {
    name: number for number, names in enumerate((
        "enero ene", "febrero feb", "marzo mar", "abril abr", "mayo may", "junio jun", "julio jul",
        "agosto ago", "septiembre setiembre sept sep", "octubre oct", "noviembre nov",
        "diciembre dic",
    ), 1) for name in names.split()}
WEEKDAYS = {
    name: number for number, name in enumerate((
        'lunes', 'martes', 'miercoles', 'jueves', 'viernes', 'sabado', 'domingo'))}
NUMBERS = {
    'un': 1, 'una': 1, 'dos': 2, 'tres': 3, 'cuatro': 4, 'cinco': 5, 'seis': 6, 'siete': 7,
    'ocho': 8, 'nueve': 9, 'diez': 10, 'doce': 12, 'quince': 15, 'veinte': 20, 'treinta': 30}
DAY_FIRST = True
DOCUMENT_DATE = re.compile(
    r"(?:facturas?|recordatorio|reclamacion|carta|correo|mensaje|pedido|entrega|albaran|abono"
    r"|contrato"
    r"|vencimiento)(?: n[o°º]?\.?)?(?: [\w/-]*\d[\w/-]*)?,? "
    r"(?:del?|con fecha(?: del?)?|de fecha|emitida el|vencida el|desde el) $"
    r"|\b(?:vencida (?:el|desde)|vencio el|emitida el|entregad[oa]s? el|desde(?: el)?|con fecha"
    r"(?: del?)?) $")

DATE_PATTERNS = compile_patterns([
    ('end_named', r"\b(?:a )?(?:fin|finales|fines) de {month}\b(?: (?:de )?{year})?"),
    ('mid_named', r"\b(?:a )?mediados de {month}\b"),
    ('begin_named', r"\b(?:a )?(?:principios|comienzos|primeros) de {month}\b"),
    ('named', r"\b{day}(?: de)? {month}\b(?:,? (?:del? )?{year})?"),
    ('numeric', r"(?<![\d.,/-])(?P<first>\d{1,2})(?P<sep>[./-])(?P<second>\d{1,2})(?![\d/.-]*\d)"),
    ('day_of_next_month', r"\bel (?:dia )?{day} del (?:mes que viene|proximo mes|mes proximo)\b"),
    ('next_month_end', r"\b(?:a |al )?(?:fin|final|finales|fines) del? (?:mes que viene"
                       r"|proximo mes"
                       r"|mes proximo|mes siguiente)\b"),
    ('month_end', r"\b(?:a |al )?(?:fin|final|finales|fines) (?:de |del |de este )mes\b"
                  r"|\beste mes\b|\bantes de (?:que )?(?:acabe|termine) el mes\b"),
    ('next_week', r"\b(?:a |al )?(?:fin|final|finales) de la (?:semana que viene"
                  r"|proxima semana)\b"),
    ('week_end', r"\b(?:a |al )?(?:final|finales) (?:de |de la |de esta )semana\b"
                 r"|\besta semana\b"),
    ('weekday_next_week', r"\b{weekday} de la (?:semana que viene|proxima semana"
                          r"|semana proxima)\b"),
    ('weekday_last', r"\b(?:el )?(?:pasado|ultimo) {weekday}\b"),
    ('weekday_last', r"\b(?:el )?{weekday} pasado\b"),
    ('weekday', r"\b(?:(?:el|este|el proximo|proximo|el mismo) )?{weekday}(?: que viene"
                r"| proximo)?\b"),
    ('last_week', r"\b(?:la semana pasada|la pasada semana|el mes pasado|el pasado mes)\b"),
    ('next_week', r"\b(?:la )?(?:semana que viene|proxima semana|semana proxima)\b"),
    ('in_days', r"\b(?:en|dentro de|en un plazo de|en el plazo de|antes de)(?: los proximos)?"
                r" {number} dias?(?: habiles| laborables| naturales)?\b"),
    ('in_weeks', r"\b(?:en|dentro de|en un plazo de) {number} semanas?\b"),
    ('days_ago', r"\bhace {number} dias?\b"),
    ('weeks_ago', r"\bhace {number} semanas?\b"),
    ('fortnight', r"\ben (?:una )?quincena\b"),
    ('after_tomorrow', r"\bpasado manana\b"),
    ('before_yesterday', r"\b(?:anteayer|antes de ayer)\b"),
    ('today', r"\bhoy\b|\besta (?:manana|tarde|noche)\b"),
    ('tomorrow', r"(?<!pasado )(?<!la )(?<!esta )\bmanana\b"),
    ('yesterday', r"\bayer\b"),
    ('week_number', r"\bsemana (?P<number>\d{1,2})\b"),
    ('day_of_month', r"\b(?:el|antes del|para el|hasta el)(?: dia)? {day}\b(?! ?(?:[/:h€%]|\.\d|\d"
                     r"|euros"
                     r"|eur|de |dias))"),
], globals())

PAY = (r"(?:pagar|abonar|transferir|liquidar|saldar|realizar|efectuar|hacer|enviar|ordenar|emitir"
       r"|ingresar)")
PROMISE = re.compile(
    r"\b(?:(?:se )?(?:pagar|abonar|liquidar|saldar|realizar|efectuar|enviar|ordenar|ingresar"
    r"|transferir"
    r"|emitir)(?:emos|an|a|e|e)|haremos|haran|hare|procederemos|se hara|se procedera|quedara"
    r"|sale|saldra"
    r"|llegara)\b"
    rf"|\b(?:vamos a|voy a|van a|se va a|se van a|podremos|podemos|podamos|puedo|prevemos"
    rf"|esperamos|tenemos"
    rf" previsto|pensamos|me comprometo a|nos comprometemos a"
    rf"|deberiamos(?: poder)?) (?:poder )?{PAY}\w*\b"
    r"|\b(?:pago|transferencia|factura|importe|saldo|giro|abono)\b.{0,50}\b(?:esta|estan|queda"
    r"|quedara"
    r"|fue|ha sido) (?:prevista?|previsto|programad[oa]s?|planificad[oa]s?|incluid[oa]s?"
    r"|autorizad[oa]s?"
    r")\b"
    r"|\b(?:recibiran?|recibira|tendran?)\b.{0,30}\b(?:pago|transferencia|dinero|importe)\b"
    r"|\b(?:sera|seran)\b.{0,20}\b(?:pagad[oa]s?|abonad[oa]s?|transferid[oa]s?|liquidad[oa]s?)\b"
    r"|\bpago previsto\b")
NO_PROMISE = re.compile(
    r"\bno (?:\w+ ){0,3}(?:pagar\w*|abonar\w*|pago|podemos|podremos|puedo|vamos)\b|\bimposible\b"
    r"|\bnos negamos\b|\b(?:plazos|aplazamiento|fraccionar|fraccionado|cuotas|plan de pagos)\b"
    r"|\bcomo (?:puedo|podemos|debo)\b|\b(?:normalmente|habitualmente|generalmente)\b"
    r"|\bnuestros? clientes?\b")
PAID = re.compile(
    r"\b(?:hemos|he|han|ha|habiamos)(?: ya)? (?:\w+ )?(?:pagado|abonado|transferido|liquidado"
    r"|saldado"
    r"|realizado|efectuado|hecho|enviado|ordenado|ingresado|salido|sido pagad[oa]s?"
    r"|sido abonad[oa]s?)\b"
    r"|\b(?:fue|fueron|esta|estan|quedo|ya esta)\b(?: \w+){0,2} (?:pagad[oa]s?|abonad[oa]s?"
    r"|transferid[oa]s?|liquidad[oa]s?|saldad[oa]s?|hech[oa]|realizad[oa]s?|efectuad[oa]s?)\b"
    r"|\bse (?:pago|abono|realizo|transfirio|efectuo|hizo|liquido|ordeno|ingreso)\b"
    r"|\b(?:pagamos|abonamos|transferimos|hicimos|realizamos|ingresamos|efectuamos)\b"
    r"|^\W*(?:ya )?(?:pagad[oa]s?|abonad[oa]s?|transferid[oa])\b|\b(?:ya|ayer|hoy) (?:pagad[oa]"
    r"|abonad[oa])\b"
    r"|\b(?:pago|transferencia) (?:realizad[oa]|hech[oa]|efectuad[oa]|enviad[oa]|ordenad[oa])\b"
    r"|\b(?:adjunt\w+).{0,30}\b(?:justificante|comprobante)\b")
NOT_PAID = re.compile(
    r"\bno\b(?: \w+){0,4} (?:pagad[oa]|abonad[oa]|pago|realizado|sido)\b|\b(?:cuando|si|una vez"
    r"|hasta que"
    r"|en cuanto|despues de)\b.{0,40}\b(?:pag\w+|abon\w+)|\b(?:sera|seran|pendiente de pago"
    r"|por pagar"
    r"|impagad[oa])\b|\bpero no\b|\bexcepto\b|\b(?:normalmente|habitualmente|generalmente)\b"
    r"|\bnuestros? clientes?\b")
REASONS = {
    'not_received': re.compile(
        r"\b(?:nunca|no)\b(?: \w+){0,3} (?:recibid[oa]s?|recibimos|recibi|llegado|tenemos"
        r"|encontramos"
        r"|consta)\b.{0,25}\b(?:facturas?|copia|documento)\b"
        r"|\bfacturas?\b.{0,40}\b(?:no|nunca)\b.{0,20}\b(?:recibid[oa]s?|llegado|recibimos)\b"
        r"|\b(?:enviarnos|enviar|envien|envienos|reenviar|remitir|mandar"
        r"|mandarnos)\b.{0,40}\b(?:copia"
        r"|facturas?|duplicado)\b|\bcopia de (?:la|esta|su) factura\b"
        r"|\bno (?:la )?encuentr\w+\b.{0,20}\bfacturas?\b"),
    'delivery': re.compile(
        r"\b(?:mercancias?|pedido|entrega|paquete|envio|material|maquina|productos?|palets?"
        r"|pales)\b[^,;]{0,50}"
        r"\b(?:no|nunca|todavia no|aun no)\b.{0,20}\b(?:entregad[oa]s?|recibid[oa]s?|llegado|llego"
        r"|servid[oa])\b|\b(?:no|nunca)\b(?: \w+){0,3} (?:recibid[oa]|recibimos|llegado)\b.{0,20}"
        r"\b(?:mercancias?|pedido|entrega|paquete|material)\b|\bentregad[oa] (?:con retraso"
        r"|tarde)\b"
        r"|\bretraso en la entrega\b|\besperando (?:la |el |nuestro )?(?:entrega|pedido"
        r"|mercancia)\b"),
    'quantity': re.compile(
        r"\bfalta(?:n|ba|ban|ron)?\b(?!.{0,30}\b(?:numero|pedido|iva|referencia|descuento|abono"
        r"|factura"
        r")\b)|\ben (?:lugar|vez) de (?:las? |los )?\d+|\bincomplet[oa]s?\b"
        r"|\bcantidad(?:es)?\b.{0,30}"
        r"\b(?:incorrectas?|erroneas?|no|equivocadas?)\b"),
    'price': re.compile(
        r"\b(?:precios?|descuento|tarifa|rappel|importe facturado)\b.{0,60}\b(?:incorrect[oa]s?"
        r"|erroneos?"
        r"|no|equivocados?|alto|acord\w+|olvid\w+|mas alto|superior|falta)\b|\bcobrado de mas\b"
        r"|\bdemasiado caro\b|\bprecio acordado\b|\bfacturado (?:dos veces|doble|de mas)\b"),
    'quality': re.compile(
        r"\b(?:danad[oa]s?|defectuos[oa]s?|rot[oa]s?|averiad[oa]s?|mala calidad|golpead[oa]s?"
        r"|estropead[oa]s?"
        r"|caducad[oa]s?|desperfectos?)\b|\bno funciona\w*\b|\bproblemas? de calidad\b"),
    'order': re.compile(
        r"\b(?:numero|n[º°]|referencia) de (?:pedido|orden)\b|\borden de compra\b"
        r"|\b(?:razon social"
        r"|direccion de facturacion|cif|nif)\b.{0,30}\b(?:incorrect[oa]|erroneo?a?|equivocad[oa]"
        r"|mal)\b"
        r"|\bempresa equivocada\b|\b(?:rehacer|rectificar|corregir) la factura\b"),
    'tax': re.compile(
        r"\biva\b.{0,60}\b(?:incorrecto|no|exent\w+|intracomunitari\w+|erroneo|indebid\w+|tipo"
        r"|inversion)\b"
        r"|\binversion del sujeto pasivo\b|\bsin iva\b"),
    'contract': re.compile(
        r"\b(?:nunca|no)\b (?:\w+ )?(?:pedimos|pedido|encargamos|encargado|firmamos|firmado"
        r"|autorizamos"
        r"|autorizado|solicitamos|contratamos|contratado)\b|\b(?:contrato|pedido"
        r"|suscripcion)\b.{0,30}"
        r"\b(?:cancel\w+|anul\w+|rescind\w+)\b|\bsin (?:nuestra )?(?:autorizacion"
        r"|nuestro pedido)\b"),
}
DISPUTE = re.compile(
    r"\b(?:no estamos de acuerdo|disconform\w+|impugn\w+|no aceptamos|rechazamos|desacuerdo)\b"
    r"|\b(?:esperando|prometido|esperamos|pendiente)\b.{0,40}\b(?:abono|nota de credito|factura"
    r" rectificativa)\b|\bfactura (?:es|esta|no es) (?:incorrecta|erronea|mal|correcta)\b")
ABSENT = re.compile(
    r"\b(?:estoy|estare|me encuentro|actualmente)\b.{0,30}\b(?:fuera de la oficina|de vacaciones"
    r"|ausente"
    r"|de baja|de viaje|de permiso)\b|\b(?:volvere|regreso|regresare|estare de vuelta"
    r"|me reincorporo"
    r"|me reincorporare)\b|\b(?:oficinas?|empresa)\b.{0,20}\b(?:esta|estara|estan|estaran"
    r"|permanecera\w*)"
    r" cerrad[oa]s?\b|\brespuesta automatica\b|\bcerrado por vacaciones\b")
ABSENT_SUBJECT = re.compile(
    r"\b(?:respuesta automatica|ausencia|ausente|fuera de la oficina|out of office"
    r"|automatic reply)\b")
BACK = re.compile(
    r"\b(?:volvere|regreso|regresare|de vuelta|reincorpor\w+|reabri\w+|de nuevo"
    r"|vuelvo)\b[^.]{0,20}$"
    r"|\ba partir del $")
# Nothing stands after the day of return.
BACK_AFTER = re.compile(r"(?!)")
CONTACT = re.compile(
    r"\bya no\b(?: \w+)? ?(?:trabaja|esta|forma parte|se lee|se utiliza|es valida|pertenece)\b"
    r"|\bha dejado (?:la|nuestra|de trabajar)|\bdejo la empresa\b|\bse ha jubilado\b"
    r"|\bno (?:soy|es) (?:\w+ )?(?:la persona|el contacto|la direccion|el departamento|responsable"
    r"|el responsable)\b|\b(?:direccion|persona|departamento|contacto) (?:equivocad[oa]"
    r"|incorrect[oa]"
    r"|errone[oa])\b|\b(?:nueva direccion|nuevo domicilio|cambio de (?:direccion|domicilio)"
    r"|(?:nos hemos|se ha) (?:mudado|trasladado)"
    r"|(?:direccion|domicilio)(?: \w+)? ha cambiado"
    r"|(?:sede|oficina) esta(?: ahora)? en la"
    r"|(?:cambiar|corregir|actualizar) nuestr[oa] (?:direccion|domicilio))\b"
    r"|\b(?:por favor|rogamos|contacte\w*|escrib\w+|dirij\w+"
    r"|envi\w+)\b.{0,80}\b[\w.+-]+@[\w.-]+\w")
PRIVACY = re.compile(
    r"\b(?:darme|denme|dar|den|deme|darnos|dennos) de baja\b|\bcancelar (?:la|mi) suscripcion\b"
    r"|\blista de (?:correo"
    r"|distribucion|envios)\b|\brgpd\b|\blopd\w*\b|\bproteccion de datos\b|\bdatos personales\b"
    r"|\bmis datos\b|\bdej\w+ de (?:enviarme|escribirme|mandarme)\b|\bderecho"
    r" (?:de acceso|al olvido|de supresion|de oposicion)\b|\bno (?:quiero|deseo) recibir\b")
HEDGE = re.compile(
    r"\b(?:probablemente|seguramente|normalmente|en principio|quizas?|tal vez|esperamos"
    r"|intentaremos"
    r"|deberia\w*|podria\w*|aproximadamente|alrededor|sobre el|si es posible|creo que"
    r"|salvo error)\b")
CONDITION = re.compile(
    r"\b(?:en cuanto|si(?!,)|cuando|una vez|siempre que|tras (?:recibir|la recepcion)"
    r"|despues de (?:recibir|que)"
    r"|a condicion|salvo que|hasta que|antes de que|mientras)\b")
REFERENCE = re.compile(
    r"\b(?:referencia|ref\.?|concepto|n[º°o]\.? de (?:transferencia|operacion))"
    r"\s*:?\s*(?P<reference>[a-z0-9][\w/.-]*\d[\w/-]*)")
# "Not" in any form; not the one of "no más tarde", "no obstante" and "factura no. 12".
NOT = re.compile(
    r"\b(?:no(?! mas tarde| obstante| se preocup| hay problema| solo|\.| \S*\d)|nunca|jamas|nadie"
    r"|ningun\w*|ni|tampoco|dudo|dudamos)\b")
CLAUSE = re.compile(
    r",(?!\d)|[;:()]| - |\b(?:pero|y|porque|ya que|aunque|sin embargo)\b")
# What is said not to be so: read as if it were not written.
DENIAL = re.compile(
    r"\b(?:no hay|sin|no tenemos|no existe)(?: ningun\w*)?(?: \w+)? ?(?:disputas?|disconformidad"
    r"|desacuerdo|objecion\w*|reclamacion\w*|quejas?|desperfectos?|danos?|problemas?)\b"
    r"|\bno (?:la |lo |las |los )?(?:estamos |hemos )?(?:impugn\w+|rechaz\w+|discut\w+|negamos"
    r"|disput\w+|reclam\w+|estamos en desacuerdo)\b"
    r"|\bno (?:\w+ )?(?:danad[oa]s?|defectuos[oa]s?|rot[oa]s?|averiad[oa]s?|golpead[oa]s?"
    r"|estropead[oa]s?|incorrect[oa]s?|errone[oa]s?|equivocad[oa]s?|incomplet[oa]s?"
    r"|demasiado car[oa]s?)\b"
    r"|\bno (?:nos )?falta\w* (?:nada|ningun\w*)\b|\bnada falta\w*\b"
    r"|\bno (?:estoy|estare|estamos) (?:de vacaciones|fuera de la oficina|ausente|de baja"
    r"|de viaje)\b"
    r"|\bno (?:ha|han|hemos|nos hemos) (?:cambiado|mudado|trasladado|dejado)\b"
    r"|\bno (?:se |la |lo |las |los )*(?:ha|hemos|he|han|esta|fue) ?(?:sido |podido )?"
    r"(?:pagad[oa]s?|abonad[oa]s?|pagar|abonar|transferid[oa]s?)\b")
# Words of payment, of the claim itself, and of what else is sent, done or forwarded: a promise or a
# payment is about the first, or about the second without the third.
MONEY = re.compile(
    r"\b(?:pag(?:os?|ar\w*|ad[oa]s?|amos|ue\w*)|abon(?:os?|ar\w*|ad[oa]s?|amos)|transfer\w*"
    r"|importe|dinero|saldo|liquid\w*|ingres\w*|cheque|giro|eur|euros?)\b|€")
OTHER = re.compile(
    r"\b(?:contratos?|mensajes?|correos?|cartas?|entregas?|mercancias?|reclamacion\w*|revision\w*"
    r"|documentos?|ofertas?|pedidos?|companer[oa]s?|contabilidad|reunion\w*|visitas?|presupuestos?"
    r"|respuestas?)\b")
ABOUT = re.compile(r"\b(?:facturas?|esto|eso|ello|todo|vencimientos?)\b")
